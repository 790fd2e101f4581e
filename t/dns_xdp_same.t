#!/usr/bin/perl

# Tests for dns_xdp: a server with it gives the same octets as one without, for
# queries of all kinds, well-formed or not, over IPv4, IPv6 and with VLAN tags.
# XDP_QUERIES says how many.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Namespace;
use Test::Nginx::DNS::Same;
use Test::Nginx::DNS::XDP;

use IO::Socket::IP;

my $count = $ENV{XDP_QUERIES} // 6000;

my $t = own_kernel()->plan(7);

alarm 0 if $ENV{XDP_QUERIES};

my $net = pair([ '192.0.2.1/24', '2001:db8::1/64' ],
               [ '192.0.2.2/24', '2001:db8::2/64' ]);

note('VLAN tags by ' . vlan($t, $net, '198.51.100.1/24', '198.51.100.2/24'));

$t->write_stream(<<'EOF_CONF', workers => 2, pages => 'metrics');
dns_cache_zone     zone=c:4m;
dns_cache          c;
dns_xdp            veth1;
dns_rotate         off;
dns_udp_max_size   1232;

server {
    listen       %%PORT_8053%% udp;
    listen       [::]:%%PORT_8053%% udp;
    dns_xdp      on;
    dns_forward  test 127.0.0.1:%%PORT_8081%%;
}

server {
    listen       %%PORT_8054%% udp;
    listen       [::]:%%PORT_8054%% udp;
    dns_forward  test 127.0.0.1:%%PORT_8081%%;
}
EOF_CONF

same_upstream($t, 8081);
$t->run();

my $page = $t->port(8080);

is(attached('veth1'), 'ngx_dns_xdp', 'attached');

pass_through($t, $net);

srand($ENV{XDP_SEED} // 1);

for (
    [ 'IPv4', '192.0.2.2', $count ],
    [ 'IPv6', '2001:db8::2', int $count / 3 ],
    [ 'VLAN', '198.51.100.2', int $count / 3 ],
) {
    my ($what, $addr, $n) = @$_;
    my $before = answered($page);

    is(compare($addr, $n), '', "$what: the same octets");

    my $answered = answered($page) - $before;

    note("$what: $n queries, $answered answered by the kernel");
    cmp_ok($answered, '>', $n / 10, "$what: many by the kernel");
}

###############################################################################

sub compare {
    my ($addr, $n) = @_;

    my ($on, $off) = $net->in(sub {
        map { my $port = $_;
              [ map { IO::Socket::IP->new(Proto => 'udp', PeerHost => $addr,
                          PeerPort => $t->port($port)) } 1 .. 4 ] } 8053, 8054;
    });

    # some are asked for often, so that they get hot on a slow machine, too

    my @names = ((map { "n$_.test" } (2 .. 6) x 12, 1 .. 40),
                 map { "n$_." . ('a' x 60 . '.') x 3 . 'test' } 41 .. 44);

    return difference($on, $off, $n, sub { drawn_query(@names) });
}

###############################################################################
