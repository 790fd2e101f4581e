#!/usr/bin/perl

# Tests for dns_status: two servers on one address, UDP and TCP, are two.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->has('http')->plan(3);

$t->write_file('hosts', "192.0.2.9 host.test\n");

$t->write_stream(<<'EOF_CONF', pages => 'metrics');
server {
    listen     127.0.0.1:%%PORT_8053%% udp;
    dns_hosts  hosts;
}

server {
    listen     127.0.0.1:%%PORT_8053%%;
    dns_hosts  hosts;
}
EOF_CONF

$t->run();

dns_query($t->port(8053), 'host.test', 'A');
dns_query($t->port(8053), 'host.test', 'A', proto => 'tcp') for 1 .. 2;

my $m = metrics($t->port(8080));
my $addr = '127.0.0.1:' . $t->port(8053);

is(total($m, 'nginx_dns_queries_total', qr/server="$addr",proto="udp"/), 1,
   'the first');
is(total($m, 'nginx_dns_queries_total', qr/server="$addr#2",proto="tcp"/), 2,
   'the second');
is(total($m, 'nginx_dns_queries_total'), 3, 'all');
