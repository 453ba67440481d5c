# One attempt, as a Perl program makes and reports it: app.pl write|read|mkdir PATH, app.pl bind PORT.
use strict;
use IO::Socket::INET;
my ($what, $arg) = @ARGV;
if ($what eq 'write') { open(my $file, '>', $arg) or die "Can't open $arg for writing: $!" }
if ($what eq 'read') { open(my $file, '<', $arg) or die "Cannot open '$arg': $!" }
if ($what eq 'mkdir') { mkdir $arg or die "mkdir $arg: $!" }
if ($what eq 'bind') { IO::Socket::INET->new(LocalPort => $arg, Listen => 1) or die "Could not bind to port $arg: $!" }
