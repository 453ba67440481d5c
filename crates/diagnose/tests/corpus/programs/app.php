<?php // One attempt, as a PHP program makes and reports it: app.php write|read|mkdir PATH, app.php bind PORT.
ini_set('display_errors', 'stderr');
[, $what, $arg] = $argv;
$done = match ($what) {
    'write' => file_put_contents($arg, 'x'),
    'read' => file_get_contents($arg),
    'mkdir' => mkdir($arg),
    'bind' => stream_socket_server("tcp://0.0.0.0:$arg"),
};
exit($done === false ? 1 : 0);
