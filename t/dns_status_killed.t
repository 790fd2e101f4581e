#!/usr/bin/perl

# Tests for a worker that a reload has told to quit, and that is killed before
# it has: what it had in use is not in the gauges any more.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;
use Test::Nginx::DNS::Stream;

my $t = Test::Nginx::DNS->new()->has(qw/ http /)->plan(4)
        ->allow(qr/exited on signal 9/);

$t->write_stream(<<'EOF_CONF', pages => 'metrics');
server {
    listen       127.0.0.1:%%PORT_8053%%;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;

    dns_upstream_timeout       60s;
    dns_next_upstream_timeout  60s;
}
EOF_CONF

my $u = $t->upstream(8081, sub { () });

$t->run();

sub used {
    my ($kind) = @_;
    return metrics($t->port(8080))->{qq{nginx_dns_used{kind="$kind"}}};
}

my $s = dns_connect($t->port(8053));

$s->send([ "q$_.test", 'A' ]) for 1 .. 10;

ok($t->wait_for(sub { used('queries') == 10 }), 'queries that wait');

my ($old) = $t->workers();

$t->reload();

is(used('client_connections'), 1, 'of an old worker');

kill 'KILL', $old;

ok($t->wait_for(sub { $t->gone($old) && !used('queries') }, 5),
   'none of a killed one');
is(used('client_connections'), 0, 'nor a connection');
