#!/usr/bin/perl

# Tests for dns_upstream: round robin is exact over all workers together,
# and follows weights.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(8);

$t->write_stream(<<'EOF_CONF', workers => 2);
# a late answer must not send a query on to another server

dns_next_upstream off;

dns_upstream equal {
    server 127.0.0.1:%%PORT_8081%%;
    server 127.0.0.1:%%PORT_8082%%;
}

dns_upstream named {
    round_robin;
    server 127.0.0.1:%%PORT_8081%%;
    server 127.0.0.1:%%PORT_8082%%;
}

dns_upstream weighted {
    zone weighted 128k;
    server 127.0.0.1:%%PORT_8081%% weight=3;
    server 127.0.0.1:%%PORT_8082%%;
}

server {
    listen      127.0.0.1:%%PORT_8053%% udp reuseport;
    dns_forward . equal;
}

server {
    listen      127.0.0.1:%%PORT_8054%% udp reuseport;
    dns_forward . weighted;
}

server {
    listen      127.0.0.1:%%PORT_8055%% udp;
    dns_forward . named;
}
EOF_CONF

$t->upstream(8081, sub { { a => '192.0.2.1' } });
$t->upstream(8082, sub { { a => '192.0.2.2' } });
$t->run();

my $r = dns_bulk($t->port(8053), 1000, sockets => 16);

share($r, 500, 500, 'equal');

$r = dns_bulk($t->port(8054), 1000, sockets => 16);

share($r, 750, 250, 'weight');

$r = dns_bulk($t->port(8055), 1000, sockets => 16);

share($r, 500, 500, 'round_robin');

is(dns_query($t->port(8053), 'a.test', 'A')->{qname}, 'a.test', 'question');
is(join(' ', sort { $a <=> $b } map { dns_bulk($t->port(8054), 4,
       window => 1)->{'192.0.2.1'} } 1 .. 5), '3 3 3 3 3', 'smooth');

###############################################################################

sub share {
    my ($r, $one, $two, $name) = @_;

    cmp_ok(abs(($r->{'192.0.2.1'} // 0) - $one), '<=', 1, "$name first");
    cmp_ok(abs(($r->{'192.0.2.2'} // 0) - $two), '<=', 1, "$name second");
}

###############################################################################
