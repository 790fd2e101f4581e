#!/usr/bin/perl

# Tests for docs/security.md, "Amplification": what a datagram whose address may
# be forged is answered with, in octets; and that a flood of random names below
# one zone leaves other zones alone.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Message qw/ encode /;

my $t = Test::Nginx::DNS->new()->plan(18);

$t->write_stream(<<'EOF_CONF');
dns_limit_zone  client zone=slip:64k rate=1r/m;
dns_limit_zone  $dns_zone zone=zones:64k rate=1r/m;

dns_cookie  on;

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    dns_forward  test 127.0.0.1:%%PORT_8081%%;
}

server {
    listen       127.0.0.1:%%PORT_8054%% udp;
    listen       127.0.0.1:%%PORT_8054%%;
    dns_any      minimal;
    dns_udp_max_size  1232 unproven=512;
    dns_forward  test 127.0.0.1:%%PORT_8081%%;
}

server {
    listen       127.0.0.1:%%PORT_8055%% udp;
    listen       127.0.0.1:%%PORT_8055%%;
    dns_limit    zone=slip slip=1;
    dns_forward  test 127.0.0.1:%%PORT_8081%%;
}

server {
    listen       127.0.0.1:%%PORT_8056%% udp;
    listen       127.0.0.1:%%PORT_8056%%;
    dns_limit    zone=zones burst=19 slip=0 misses;
    dns_forward  flooded.test 127.0.0.1:%%PORT_8081%%;
    dns_forward  test 127.0.0.1:%%PORT_8081%%;
}
EOF_CONF

my $up = $t->upstream(8081, sub {
    my ($q) = @_;

    return { rcode => 'NXDOMAIN' } if $q->{qname} =~ /flooded/;

    # as much as fits

    return { answers => [ map { [ $q->{qname_raw}, 'TXT', 60, $_ x 200 ] }
                          'a' .. ($q->{qname} =~ /^b/ ? 'e' : 'b') ],
             edns => 4096 };
}, tcp => 1);

$t->run();

sub octets {
    my ($port, %o) = @_;

    my $sent = encode(id => 1, flags => 0x100, question => [ 'a.test', 'TXT' ],
                      %o);
    my $got = dns_raw($t->port($port), $sent, timeout => 1);

    return (length $sent, length($got // ''));
}

sub atmost {
    my ($limit, $name, @octets) = @_;

    cmp_ok($octets[1], '<=', $limit, "$name: $octets[0] by $octets[1]");
    cmp_ok($octets[1], '>', 0, "$name: answered") if $limit;
}

my @any = (question => [ 'a.test', 'ANY' ]);

atmost(512, 'without EDNS', octets(8053));
atmost(1232, 'with EDNS', octets(8053, edns => 4096,
                                 question => [ 'b.test', 'TXT' ]));
atmost(512, 'unproven=', octets(8054, edns => 4096));
atmost(35, 'unproven=, longer', octets(8054, edns => 4096,
                                       question => [ 'b.test', 'TXT' ]));
atmost(60, 'dns_any minimal', octets(8054, @any));
octets(8055);
atmost(24, 'slip', octets(8055));
atmost(35, 'slip with EDNS', octets(8055, edns => 1232));
atmost(12, 'no question', octets(8053, question => ''));

# random names

my $r = dns_bulk($t->port(8056), 60, name => sub { "r$_[0].flooded.test" },
                 window => 60, timeout => 2);

is(60 - ($r->{TIMEOUT} // 0), 20, 'as many as the limit of the zone');
is(dns_query($t->port(8056), 'a.test', 'TXT')->{rcode}, 'NOERROR',
   'another zone');
