<?php
// What the worker finds: the top of its file system, and whether it may write where it should and where it should not.
$top = array_values(array_diff(scandir('/'), ['.', '..']));
$write = fn($path) => @file_put_contents($path, 'x') === 1 ? 'written' : 'refused';
echo json_encode([
    'top' => implode(' ', $top),
    'state' => $write('/var/lib/hidden-php/file'),
    'tmp' => $write('/tmp/file'),
    'pages' => $write('/var/www/file'),
    'etc' => $write('/etc/file'),
    'shadow' => file_exists('/etc/shadow') ? 'seen' : 'hidden',
]);
