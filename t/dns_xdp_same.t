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
use Test::Nginx::DNS::Message qw/ encode_name type_code /;
use Test::Nginx::DNS::Namespace;
use Test::Nginx::DNS::XDP;

use IO::Select;
use IO::Socket::IP;
use Socket qw/ SOL_SOCKET SO_RCVBUF /;

my $count = $ENV{XDP_QUERIES} // 6000;

my $t = own_kernel()->plan(7);

alarm 0 if $ENV{XDP_QUERIES};

my $net = pair([ '192.0.2.1/24', '2001:db8::1/64' ],
               [ '192.0.2.2/24', '2001:db8::2/64' ]);

# tags must be in the frame, and not beside it

my $tagged = vlan('veth1', '198.51.100.2/24')
    && vlan('veth0', '198.51.100.1/24', $net->enter());

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

$t->upstream(8081, sub {
    my ($query) = @_;
    my $name = $query->{qname};
    my ($n) = $name =~ /(\d+)/;

    $n //= 0;

    my @edns = $query->{edns}
        ? (edns => { size => 1232, $n % 7 == 1
               ? (options => [ [ 15, pack 'n', 15 ] ]) : () }) : ();

    return { rcode => 'NXDOMAIN', @edns, authority => [ [ 'test', 'SOA', 300,
                 'ns.test root.test 1 2 3 4 300' ] ] }
        if $n % 5 == 1;

    return { @edns, answers => [ [ $name, 'TXT', 300, 'x' x ($n * 17 % 900) ],
                 [ $name, 'TXT', 200, 'y' ] ] }
        if $query->{qtype} eq 'TXT';

    return { @edns, aa => 1, ad => $n & 1,
             answers => [ [ $name, 'CNAME', 300, "to$n.test" ],
                 map { [ "to$n.test", 'A', 299, "192.0.2.$_" ] }
                     1 .. 1 + $n % 3 ] }
        if $n % 5 == 2;

    return { @edns, authority => [ [ 'test', 'SOA', 300,
                 'ns.test root.test 1 2 3 4 300' ] ] }
        if $query->{qtype} ne 'A';

    return { @edns, ad => $n & 1, a => '192.0.2.' . ($query->{cd} ? 9 : 1),
             ttl => 300 };
});

$t->run();

my $page = $t->port(8080);

is(attached('veth1'), 'ngx_dns_xdp', 'attached');

pass_through($t, $net);

srand($ENV{XDP_SEED} // 1);

for (
    [ 'IPv4', '192.0.2.2', $count ],
    [ 'IPv6', '2001:db8::2', $count / 3 ],
    [ 'VLAN', '198.51.100.2', $count / 3 ],
) {
    my ($what, $addr, $n) = @$_;
    my $before = answered($page);

    SKIP: {
    skip 'no VLANs in this kernel', 2 if $what eq 'VLAN' && !$tagged;

    is(compare($addr, $n), '', "$what: the same octets");

    my $answered = answered($page) - $before;

    note("$what: $n queries, $answered answered by the kernel");
    cmp_ok($answered, '>', $n / 10, "$what: many by the kernel");
    }
}

###############################################################################

sub vlan {
    my ($device, $addr, @enter) = @_;

    return 0 if system(join(' ', @enter, 'ip link add link', $device,
                            'name vlan type vlan id 5 2>/dev/null'));

    must(@enter, qw/ ip address add /, $addr, qw/ dev vlan /);
    must(@enter, qw/ ip link set vlan up /);
    must(@enter, 'ethtool', '-K', $device, qw/ txvlan off rxvlan off /);

    return 1;
}


sub compare {
    my ($addr, $n) = @_;

    my @sockets = $net->in(sub {
        map { my $port = $_;
              map { IO::Socket::IP->new(Proto => 'udp', PeerHost => $addr,
                        PeerPort => $t->port($port)) } 1 .. 4 } 8053, 8054;
    });

    my @names = map { "n$_.test" } 1 .. 40;

    for my $i (1 .. $n) {
        my ($bytes, $silent) = query($names[rand @names]);
        my $k = int rand 4;

        my ($on, $off) = map { ask($sockets[$_], $bytes, $silent) }
                             $k, $k + 4;

        next if $on eq $off;

        # of which a second may have begun meanwhile

        next if ttls($on) eq ttls($off);

        return "query $i: " . unpack('H*', $bytes) . "\n with "
               . unpack('H*', $on) . "\n without " . unpack('H*', $off);
    }

    return '';
}


sub ask {
    my ($socket, $bytes, $silent) = @_;

    for my $try (1 .. 3) {
        $socket->send($bytes);

        if (IO::Select->new($socket)->can_read($silent ? 0.02 : 2)) {
            my $reply = '';

            return $reply if defined $socket->recv($reply, 65535);
        }

        last if $silent;
    }

    return '';
}


# the same octets with all TTLs 0

sub ttls {
    my ($bytes) = @_;

    return $bytes if length $bytes < 12;

    my ($qd, @more) = unpack 'x4 n4', $bytes;
    my $pos = 12;

    for (1 .. $qd) {
        $pos = name_end($bytes, $pos) + 4;
    }

    for (map { 1 .. $_ } @more) {
        $pos = name_end($bytes, $pos);

        last if $pos + 10 > length $bytes;

        my ($type, $len) = unpack "x$pos n x6 n", $bytes;

        substr($bytes, $pos + 4, 4) = "\0" x 4 if $type != 41;
        $pos += 10 + $len;
    }

    return $bytes;
}


sub name_end {
    my ($bytes, $pos) = @_;

    for ( ;; ) {
        my $len = $pos < length $bytes ? ord substr $bytes, $pos, 1 : 0;

        return $pos + 1 if $len == 0;
        return $pos + 2 if $len > 63;
        $pos += $len + 1;
    }
}


# any kind of query; those that are dropped are few, since they take time

sub query {
    my ($name) = @_;

    my $wire = encode_name(join '', map { rand() < 0.2 ? uc : $_ }
                                        split //, $name);
    my $type = type_code(pick(qw/ A A A A A AAAA TXT TXT TYPE99 DS MX ANY /));
    my $flags = pick(0x100, 0x100, 0x100, 0, 0x110, 0x120, 0x130);
    my $edns = '';
    my $strange = rand();

    if (rand() < 0.6) {
        my $options = join '', map {
            pick('', '', pack('nn/a*', 12, "\0" x rand 60),
                 pack('nn/a*', 10, 'cookie' . int rand 1e5),
                 pack('nn/a*', 3, ''), pack('nn/a*', 65001, 'abc'),
                 pack('nn/a*', 11, ''),
                 pack('nn/a*', 8, "\0\1\x18\0\xc0\0\2"))
        } 1 .. rand 4;

        $edns = pack('C n n N n/a*', 0, 41,
                     pick(0, 511, 512, 600, 1232, 1232, 4096),
                     pick(0, 0, 0x8000, 0x8000, 0x0001, 0x10000, 0x01000000),
                     $options);
    }

    my @count = (1, 0, 0, $edns ne '' ? 1 : 0);
    my $class = 1;
    my $end = '';

    if ($strange < 0.2) {
        my $fault = int rand 14;

        $flags |= 0x8000, return (message($flags, \@count, $wire, $type, $class,
                                          $edns), 1)
            if $fault == 0 && rand() < 0.1;

        $flags |= pick(0x0800, 0x2800, 0x7800) if $fault == 1;
        $flags |= pick(0x0400, 0x0200, 0x0080, 0x0040, 0x000f) if $fault == 2;
        $count[int rand 4] = int rand 3 if $fault == 3;
        $class = pick(2, 3, 255, 0) if $fault == 4;
        $end = 'x' if $fault == 5;
        $edns .= $edns, $count[3] *= 2 if $fault == 6;
        $wire = "\xc0\x0c" if $fault == 7;
        $wire = pack('C/a*', 'a' x 63) x 4 . "\0" if $fault == 8;
        $wire = ("\1a" x 127) . "\0" if $fault == 9;
        $wire = "\0" if $fault == 10;
        $type = int rand 300 if $fault == 11;
        $edns = "\1a$edns" if $fault == 12;

        if ($fault == 13) {
            my $m = message($flags, \@count, $wire, $type, $class, $edns);

            return (substr($m, 0, 12 + int rand(length($m) - 12)), 0);
        }
    }

    return (message($flags, \@count, $wire, $type, $class, $edns) . $end, 0);
}


sub message {
    my ($flags, $count, $wire, $type, $class, $edns) = @_;

    return pack('n n n4', int rand 65536, $flags, @$count) . $wire
           . pack('nn', $type, $class) . $edns;
}


sub pick { $_[rand @_] }

###############################################################################
