#!/usr/bin/perl

# Tests for a master that was killed: its workers go on, and can be told to
# quit one by one, for another nginx to start.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(8);

$t->write_stream(<<'EOF_CONF', workers => 2);
server {
    listen       127.0.0.1:%%PORT_8053%% udp reuseport rcvbuf=2m;
    listen       127.0.0.1:%%PORT_8054%% udp rcvbuf=2m;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
}
EOF_CONF

$t->upstream(8081, \&numbered);
$t->run();

# the harness does not know of them any more

my @workers = $t->workers();

END { kill 'KILL', @workers }

my @loads = map { dns_load($t->port($_)) } 8053, 8054;

kill 'KILL', $t->pid();
waitpid $t->pid(), 0;
select undef, undef, undef, 0.3;

is(dns_query($t->port($_), 'n7.test', 'A')->{answers}[0]{data}, '10.0.0.7',
   'answers without a master') for 8053, 8054;

sub quit {
    my $worker = shift @workers;

    kill 'QUIT', $worker;
    return $t->wait_for(sub { $t->gone($worker) }, 10);
}

# the sockets of one are taken over by the other

ok(quit(), 'a worker quits');
select undef, undef, undef, 0.3;

for my $load (@loads) {
    my $r = $load->stop();

    is_deeply([ keys %$r ], [ 'right' ], 'nothing is lost')
        or diag(explain($r));
}

ok(quit(), 'the last worker quits');

$t->run();

is(dns_query($t->port($_), 'n8.test', 'A')->{answers}[0]{data}, '10.0.0.8',
   'another nginx') for 8053, 8054;
