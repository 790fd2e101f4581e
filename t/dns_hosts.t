#!/usr/bin/perl

# Tests for dns_hosts: addresses, aliases and names of addresses.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(27);

$t->write_stream(<<'EOF_CONF');
dns_udp_max_size 512;

server {
    listen      127.0.0.1:%%PORT_8053%% udp;
    dns_hosts   %%TESTDIR%%/one %%TESTDIR%%/two;
    dns_hosts   %%TESTDIR%%/three ttl=5m;
    dns_local   off;
}
EOF_CONF

$t->write_file('one', <<'EOF_HOSTS');
# the first file
192.0.2.1       host.test  alias.test  Other.TEST   # comment
2001:db8::1     host.test

127.0.0.1       localhost
EOF_HOSTS

$t->write_file('two', "192.0.2.2 crlf.test\r\n\r\n192.0.2.1 second.test\r\n");

# more than an answer can have; no end of the last line

$t->write_file('three', join "\n", map { "192.0.2.$_ many.test" } 100 .. 199);

$t->run();

my $m = dns_query($t->port(8053), 'host.test', 'A');

is($m->{rcode}, 'NOERROR', 'A');
is($m->{aa}, 1, 'authoritative');
is($m->{ra}, 0, 'nobody to ask');
is($m->{rd}, 1, 'RD copied');
is($m->{edns}, undef, 'no EDNS');
is(@{$m->{answers}}, 1, 'one address');
is($m->{answers}[0]{data}, '192.0.2.1', 'address');
is($m->{answers}[0]{ttl}, 300, 'ttl');
is($m->{answers}[0]{name}, 'host.test', 'owner');

$m = dns_query($t->port(8053), 'HOST.test', 'AAAA', edns => 1232, do => 1);

is($m->{qname_raw}, 'HOST.test', 'letter case kept');
is($m->{answers}[0]{data}, '2001:db8::1', 'AAAA');
is($m->{edns}{size}, 512, 'EDNS');
is($m->{edns}{do}, 1, 'DO copied');

is(data('alias.test', 'A'), '192.0.2.1', 'alias');
is(data('other.test', 'A'), '192.0.2.1', 'alias in upper case');
is(data('crlf.test', 'A'), '192.0.2.2', 'CRLF');
is(data('localhost', 'A'), '127.0.0.1', 'localhost of the file');
is(data('host.test', 'ANY'), '192.0.2.1 2001:db8::1', 'ANY');

is(data('1.2.0.192.in-addr.arpa', 'PTR'), 'host.test second.test', 'PTR');
is(data('1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2'
        . '.ip6.arpa', 'PTR'), 'host.test', 'PTR of IPv6');
is(data('3.2.0.192.in-addr.arpa', 'PTR'), 'NXDOMAIN', 'no PTR');

# what is there, but not as this type

is(data('alias.test', 'AAAA'), '', 'NODATA');
is(data('host.test', 'MX'), '', 'NODATA of MX');
is(data('1.2.0.192.in-addr.arpa', 'A'), '', 'NODATA of PTR');

$m = dns_query($t->port(8053), 'nohost.test', 'A');

is($m->{rcode}, 'NXDOMAIN', 'NXDOMAIN');
is(@{$m->{authority}}, 0, 'negative answer is not kept');

# all of an RRset or nothing

$m = dns_query($t->port(8053), 'many.test', 'A');
is($m->{tc} . @{$m->{answers}}, '10', 'too many for UDP');

###############################################################################

sub data {
    my $m = dns_query($t->port(8053), @_);

    return $m->{rcode} if $m->{rcode} ne 'NOERROR';
    return join ' ', map { $_->{data} } @{$m->{answers}};
}

###############################################################################
