#!/usr/bin/perl

# Tests for the address that UDP answers leave from, on a machine with several of
# IPv4 and IPv6, and with sockets that take both: it is the one that was asked,
# whatever the answer is.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Message qw/ encode decode /;
use Test::Nginx::DNS::Namespace;

use IO::Select;
use IO::Socket::IP;

own_network();

my $t = Test::Nginx::DNS->new()->plan(30);
my $net = Test::Nginx::DNS::Namespace->new();

# of several addresses the first one is what the kernel would choose

must(qw/ ip link add near type veth peer name far netns /, $net->pid());
must(qw/ ip link set near up /);
must('ip', 'addr', 'add', "198.51.100.$_/24", 'dev', 'near') for 1 .. 3;
must('ip', '-6', 'addr', 'add', "2001:db8::$_/64", 'dev', 'near', 'nodad')
    for 1 .. 3;
must(qw/ ip -6 addr add fe80::1\/64 dev near nodad /);

must($net->enter(), split ' ', $_) for 'ip link set far up',
    'ip addr add 198.51.100.254/24 dev far',
    'ip -6 addr add 2001:db8::fe/64 dev far nodad',
    'ip -6 addr add fe80::2/64 dev far nodad';

$t->write_stream(<<'EOF_CONF', workers => 2);
dns_cache_zone  zone=c:1m;
limit_conn_zone  $binary_remote_addr zone=clients:1m;

dns_limit_zone  client zone=l:1m rate=1r/m;

server {
    listen       %%PORT_8053%% udp;
    listen       [::]:%%PORT_8053%% udp ipv6only=on;
    dns_forward  test 127.0.0.1:%%PORT_8081%%;
    dns_cache    c;
}

# one socket for both

server {
    listen       [::]:%%PORT_8054%% udp ipv6only=off;
    dns_forward  test 127.0.0.1:%%PORT_8081%%;
    dns_cache    c;
}

server {
    listen       [::]:%%PORT_8055%% udp ipv6only=off reuseport;
    limit_conn   clients 1000;
    dns_forward  test 127.0.0.1:%%PORT_8081%%;
}

server {
    listen       [::]:%%PORT_8056%% udp ipv6only=off;
    dns_limit    zone=l burst=1 slip=1;
    dns_forward  test 127.0.0.1:%%PORT_8081%%;
}
EOF_CONF

my @v4 = map { "198.51.100.$_" } 1 .. 3;
my @v6 = map { "2001:db8::$_" } 1 .. 3;

$t->upstream(8081, sub {
    my ($query) = @_;
    my $name = $query->{qname};

    return { rcode => 'SERVFAIL' } if $name =~ /^bad/;
    return { a => [ map { "192.0.2.$_" } 1 .. 60 ] } if $name =~ /^long/;

    return { a => '192.0.2.1', delay => $name =~ /^slow/ ? 0.2 : 0 };
});

$t->run();

# connected sockets do not see what comes from elsewhere

sub ask {
    my ($name, $addr, $query) = @_;
    my ($to, $from) = ref $addr ? @$addr : $addr;

    my $s = $net->in(sub {
        return IO::Socket::IP->new(Proto => 'udp', PeerHost => $to,
                                   PeerPort => $t->port($name),
                                   $from ? (LocalHost => $from) : ());
    }) or die "no socket: $@\n";

    $s->send($query);

    return $s;
}

sub said {
    my ($s) = @_;

    return 'none' if !IO::Select->new($s)->can_read(4);

    $s->recv(my $bytes, 65535);

    my $r = decode($bytes) or return 'garbage';

    return $r->{tc} ? 'TC' : $r->{answers}[0] ? $r->{answers}[0]{data}
                                              : $r->{rcode};
}

sub query { encode(id => 1, flags => 0x0100, question => [ @_ ]) }

# the same of all addresses, asked at once

sub all {
    my ($name, $query, @addrs) = @_;

    my @s = map { ask($name, $_, $query) } @addrs;
    my %said;

    $said{said($_)}++ for @s;

    return join ' ', map { "$_ x $said{$_}" } sort keys %said;
}

for my $name (8053, 8054, 8055) {
    is(all($name, query("a$name.test", 'A'), @v4, @v6), '192.0.2.1 x 6',
       "$name: forwarded");
    is(all($name, query("a$name.test", 'A'), @v4, @v6), '192.0.2.1 x 6',
       "$name: again");
    is(all($name, query("slow$name.test", 'A'), @v4, @v6), '192.0.2.1 x 6',
       "$name: of a slow server");
    is(all($name, query("long$name.test", 'A'), @v4, @v6), 'TC x 6',
       "$name: truncated");
    is(all($name, query("bad$name.test", 'A'), @v4, @v6), 'SERVFAIL x 6',
       "$name: a failure");
    is(all($name, query('elsewhere', 'A'), @v4, @v6), 'REFUSED x 6',
       "$name: no zone");
    is(all($name, pack('n6', 1, 0x0100, 1, 0, 0, 0), @v4, @v6), 'FORMERR x 6',
       "$name: malformed");
    is(all($name, query("b$name.test", 'A'), 'fe80::1%far'),
       '192.0.2.1 x 1', "$name: link-local");
    is(all($name, query("c$name.test", 'A'), [ 'fe80::1%far', '2001:db8::fe' ]),
       '192.0.2.1 x 1', "$name: link-local, of another address")
        if $name != 8055;
}

# a client over IPv4 is itself, not all of IPv4

is(all(8056, query('x.test', 'A'), $v4[1]), '192.0.2.1 x 1', 'in the limit');
is(all(8056, query('x.test', 'A'), $v4[1]), '192.0.2.1 x 1', 'of its burst');
is(all(8056, query('x.test', 'A'), @v4[1, 2]), 'TC x 2', 'over the limit');

must($net->enter(), qw/ ip addr add 203.0.113.9\/24 dev far /);
must(qw/ ip addr add 203.0.113.1\/24 dev near /);

is(all(8056, query('x.test', 'A'), '203.0.113.1'), '192.0.2.1 x 1',
   'another network');
