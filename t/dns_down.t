#!/usr/bin/perl

# Tests for dns_upstream: a server that is "down" is never asked.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my @methods = ('round_robin', 'random', 'random two least_conn',
    'random two least_time', 'sequential', 'least_conn', 'least_time',
    'hash $dns_qname', 'hash $dns_qname consistent');

my $t = Test::Nginx::DNS->new()->plan(@methods + 1);

my $n = 0;
my $blocks = join '', map { $n++; <<EOF_BLOCK } @methods;

    dns_upstream u$n {
        $_;
        server 127.0.0.1:%%PORT_8081%% down;
        server 127.0.0.1:%%PORT_8082%%;
        server 127.0.0.1:%%PORT_8083%%;
    }

    server {
        listen      127.0.0.1:%%PORT_905$n%% udp;
        dns_forward . u$n;
    }
EOF_BLOCK

$t->write_file_expand('nginx.conf', <<EOF_CONF);

%%TEST_GLOBALS%%

events {
}

stream {
    # a late answer must not send a query on to another server

    dns_next_upstream off;
$blocks
}

EOF_CONF

my $down = $t->upstream(8081, sub { { a => '192.0.2.1' } });
$t->upstream(8082, sub { { a => '192.0.2.2' } });
$t->upstream(8083, sub { { a => '192.0.2.3' } });
$t->run();

for my $i (1 .. @methods) {
    my $r = dns_bulk($t->port("905$i"), 200);

    is(($r->{'192.0.2.2'} // 0) + ($r->{'192.0.2.3'} // 0), 200,
       $methods[$i - 1]);
}

is($down->count(), 0, 'down');

###############################################################################
