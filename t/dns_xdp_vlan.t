#!/usr/bin/perl

# Tests for dns_xdp: frames with one and two VLAN tags, made here, so that the
# kernel need not have such devices.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;
use Test::Nginx::DNS::XDP;
use IO::Select;

use constant { AF_PACKET => 17, SOCK_RAW => 3, ETH_P_ALL => 3 };

my $t = own_kernel()->plan(6);
my $net = pair('192.0.2.1/24', '192.0.2.2/24');

$t->write_stream(<<'EOF_CONF', pages => 'metrics');
dns_cache_zone  zone=c:1m;
dns_xdp         veth1;

server {
    listen       %%PORT_8053%% udp;
    dns_cache    c;
    dns_xdp      on;
    dns_forward  test 127.0.0.1:%%PORT_8081%%;
}
EOF_CONF

$t->upstream(8081, sub { return { a => '192.0.2.1', ttl => 300 } });
$t->run();

pass_through($t, $net);

my $page = $t->port(8080);
my $port = $t->port(8053);

my ($here) = `ip -o link show veth1` =~ m!link/ether (\S+)!;
my ($index, $there) = `@{[ $net->enter() ]} ip -o link show veth0`
    =~ m!^(\d+):.*link/ether (\S+)!s;

my $s = $net->in(sub {
    socket my $s, AF_PACKET, SOCK_RAW, unpack('S', pack 'n', ETH_P_ALL)
        or die "socket: $!\n";
    bind $s, pack('S n i S C C a8', AF_PACKET, ETH_P_ALL, $index, 0, 0, 0, '')
        or die "bind: $!\n";
    return $s;
});

# it gets hot at the socket

dns_query($port, 'hot.test', 'A') for 1 .. 5;
ok($t->wait_for(sub { (metrics($page)->{nginx_dns_xdp_entries} // 0) > 0 }, 10),
   'hot');

my $plain = exchange(0);

for my $tags (1, 2) {
    my $n = answered($page);
    my $answer = exchange($tags);

    is(answered($page), $n + 1, "answered, tags: $tags");
    is($answer, $plain, 'as without');
}

is(unpack('x6n', $plain // ''), 1, 'it has a record');

###############################################################################

# the message that comes back, without the TTL of its record, for which time may
# have gone by; the kernel may have taken a tag off by then

sub exchange {
    my ($tags) = @_;

    my $query = pack('n6', 99, 0x0100, 1, 0, 0, 0)
                . "\3hot\4test\0" . pack('n2', 1, 1);
    my $udp = pack('n4', 4000, $port, 8 + length $query, 0) . $query;
    my $ip = pack('CCnnnCCna4a4', 0x45, 0, 20 + length $udp, 1, 0, 64, 17, 0,
                  "\xc0\0\2\1", "\xc0\0\2\2");

    substr $ip, 10, 2, pack('n', sum($ip));

    my $frame = mac($here) . mac($there)
        . join('', map { pack 'n2', $_ < $tags ? 0x88a8 : 0x8100, $_ }
                       1 .. $tags)
        . pack('n', 0x0800) . $ip . $udp;

    syswrite($s, $frame) or die "send: $!\n";

    while (IO::Select->new($s)->can_read(3)) {
        sysread($s, my $got, 2048) // last;

        # from us, with our ID

        my $at = index $got, pack('n2', $port, 4000);

        next if $at <= 0 || substr($got, 0, 6) ne mac($there);

        $got = substr $got, $at + 8;
        substr $got, 12 + 14 + 6, 4, '' if length $got > 36;

        return $got;
    }

    return;
}


sub mac { pack 'H12', $_[0] =~ tr/://dr }


sub sum {
    my ($bytes) = @_;

    my $sum = 0;

    $sum += $_ for unpack 'n*', $bytes;
    $sum = ($sum & 0xffff) + ($sum >> 16) while $sum >> 16;

    return ~$sum & 0xffff;
}

###############################################################################
