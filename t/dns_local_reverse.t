#!/usr/bin/perl

# Tests for dns_local: reverse answers for addresses that have no meaning in
# public (RFC 6303).

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(19);

$t->write_stream(<<'EOF_CONF');
server {
    listen      127.0.0.1:%%PORT_8053%% udp;
    dns_forward . 127.0.0.1:%%PORT_8081%%;
    dns_forward 168.192.in-addr.arpa 127.0.0.1:%%PORT_8081%%;
    dns_hosts   %%TESTDIR%%/hosts fallthrough;
    dns_local   reverse localhost;
}
EOF_CONF

$t->write_file('hosts', "10.0.0.1 a.test\n");
$t->upstream(8081, sub { { a => '192.0.2.1' } });
$t->run();

my $m = dns_query($t->port(8053), '2.0.0.10.in-addr.arpa', 'PTR');

is($m->{rcode}, 'NXDOMAIN', 'NXDOMAIN');
is($m->{aa}, 1, 'authoritative');
is($m->{authority}[0]{type}, 'SOA', 'SOA');
is($m->{authority}[0]{name}, '10.in-addr.arpa', 'of the zone');
is($m->{authority}[0]{ttl}, 10800, 'ttl');

$m = dns_query($t->port(8053), '10.in-addr.arpa', 'SOA');
is($m->{answers}[0]{type}, 'SOA', 'SOA of the zone');

is(data('10.in-addr.arpa', 'NS'), '10.in-addr.arpa', 'NS of the zone');
is(data('10.in-addr.arpa', 'PTR'), '', 'NODATA of the zone');
is(data('1.0.0.10.in-addr.arpa', 'PTR'), 'a.test', 'hosts');
is(data('1.0.0.127.in-addr.arpa', 'PTR'), 'localhost', 'localhost');
is(data('0.127.in-addr.arpa', 'PTR'), '', 'above localhost');
is(data('2.0.0.127.in-addr.arpa', 'PTR'), 'NXDOMAIN', 'beside localhost');
is(data('1.16.172.in-addr.arpa', 'PTR'), 'NXDOMAIN', '172.16/12');
is(data('1.31.172.in-addr.arpa', 'PTR'), 'NXDOMAIN', 'the last of it');
is(data('1.32.172.in-addr.arpa', 'PTR'), '192.0.2.1', 'behind it');
is(data('1.e.f.ip6.arpa', 'PTR'), '192.0.2.1', 'public IPv6');
is(data('1.a.e.f.ip6.arpa', 'PTR'), 'NXDOMAIN', 'link-local IPv6');
is(data('1.8.b.d.0.1.0.0.2.ip6.arpa', 'PTR'), 'NXDOMAIN', 'example IPv6');
is(data('1.168.192.in-addr.arpa', 'PTR'), '192.0.2.1', 'a zone of our own');

###############################################################################

sub data {
    my $m = dns_query($t->port(8053), @_);

    return $m->{rcode} if $m->{rcode} ne 'NOERROR';
    return join ' ', map { $_->{data} } @{$m->{answers}};
}

###############################################################################
