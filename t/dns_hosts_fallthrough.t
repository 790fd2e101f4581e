#!/usr/bin/perl

# Tests for dns_hosts: with "fallthrough" other names are looked for elsewhere.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(15);

$t->write_stream(<<'EOF_CONF');
server {
    listen      127.0.0.1:%%PORT_8053%% udp;
    dns_hosts   %%TESTDIR%%/hosts fallthrough;
    dns_forward up.test 127.0.0.1:%%PORT_8081%%;
}

server {
    listen      127.0.0.1:%%PORT_8054%% udp;
    dns_hosts   %%TESTDIR%%/hosts;
    dns_forward . 127.0.0.1:%%PORT_8081%%;
}

server {
    listen      127.0.0.1:%%PORT_8055%% udp;
    dns_hosts   %%TESTDIR%%/hosts fallthrough;
}

# inherited, or not

dns_hosts %%TESTDIR%%/other ttl=0;

server {
    listen           127.0.0.1:%%PORT_8056%% udp;
    dns_udp_max_size 1232;
}

server {
    listen      127.0.0.1:%%PORT_8057%% udp;
    dns_hosts   off;
    dns_forward . 127.0.0.1:%%PORT_8081%%;
}

server {
    listen      127.0.0.1:%%PORT_8058%% udp;
    dns_hosts   %%TESTDIR%%/hosts;
}
EOF_CONF

$t->write_file('hosts', "192.0.2.1 host.up.test\n");
$t->write_file('other', "192.0.2.3 other.test\n");
$t->upstream(8081, sub { { a => '192.0.2.2' } });
$t->run();

is(data(8053, 'host.up.test', 'A'), '192.0.2.1', 'in the file');
is(data(8053, 'b.up.test', 'A'), '192.0.2.2', 'forwarded');
is(data(8053, 'host.up.test', 'AAAA'), '', 'NODATA is not forwarded');
is(data(8053, 'a.test', 'A'), 'REFUSED', 'in no zone');
is(dns_query($t->port(8053), 'host.up.test', 'A')->{ra}, 1,
   'somebody to ask');

is(data(8054, 'host.up.test', 'A'), '192.0.2.1', 'in the file, alone');
is(data(8054, 'b.up.test', 'A'), 'NXDOMAIN', 'no fallthrough');
is(data(8055, 'host.up.test', 'A'), '192.0.2.1', 'no dns_forward');
is(data(8055, 'b.up.test', 'A'), 'REFUSED', 'no dns_forward, fallthrough');

is(data(8056, 'other.test', 'A'), '192.0.2.3', 'inherited');
is(dns_query($t->port(8056), 'other.test', 'A')->{answers}[0]{ttl}, 0,
   'ttl inherited');
is(data(8057, 'other.test', 'A'), '192.0.2.2', 'off');
is(data(8058, 'host.up.test', 'A'), '192.0.2.1', 'replaced');
is(data(8058, 'other.test', 'A'), 'NXDOMAIN', 'not inherited');

# said, as it can't be meant

like($t->error_log() . $t->read_file('stderr.log'),
     qr/"dns_forward" and "dns_zone" have no effect with "dns_hosts" without "f/,
     'warning');

###############################################################################

sub data {
    my ($port, @question) = @_;

    my $m = dns_query($t->port($port), @question);

    return $m->{rcode} if $m->{rcode} ne 'NOERROR';
    return join ' ', map { $_->{data} } @{$m->{answers}};
}

###############################################################################
