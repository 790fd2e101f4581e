#!/usr/bin/perl

# Tests for forged ICMP errors.  Who knows addresses and ports can send one that
# quotes the header of a query's datagram, but not its ID: it is not believed.
# Only that a port is not open, with the ID, makes another server be asked at
# once; that there is no way may pass (RFC 1122, 4.2.3.9; RFC 8085, 5.2).

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Namespace;
use Test::Nginx::DNS::Status;
use POSIX ();
use Socket qw/ AF_INET AF_INET6 SOCK_RAW inet_pton pack_sockaddr_in
               pack_sockaddr_in6 /;

own_network();

my $t = Test::Nginx::DNS->new()->has('http')->plan(35);

$t->write_stream(<<'EOF_CONF', pages => 'metrics');
dns_upstream u4 {
    sequential;
    server        127.0.0.1:%%PORT_8081%%;
    server        127.0.0.1:%%PORT_8082%%;
    health_check  off;
}

dns_upstream u6 {
    sequential;
    server        [::1]:%%PORT_8081%%;
    server        [::1]:%%PORT_8082%%;
    health_check  off;
}

# not for being late: else the second one would be asked, too

dns_next_upstream  error;

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    dns_forward  v4.test u4;
    dns_forward  v6.test u6;
}
EOF_CONF

my %addr = (4 => '127.0.0.1', 6 => '::1');
my (%first, %second);

for my $v (4, 6) {
    $first{$v} = $t->upstream(8081, sub {
        my ($query) = @_;
        return { a => '192.0.2.1', delay => $query->{qname} =~ /^f/ ? 0 : 0.5 };
    }, addr => $addr{$v});

    $second{$v} = $t->upstream(8082, sub { { a => '192.0.2.2' } },
                               addr => $addr{$v});
}

$t->run();

my $port = $t->port(8053);
my $server = $t->port(8081);

# [ type, code, the four octets after the checksum ]

my %errors = (
    4 => { 'port unreachable' => [ 3, 3, 0 ],
           'host unreachable' => [ 3, 1, 0 ],
           'net unreachable' => [ 3, 0, 0 ],
           'prohibited' => [ 3, 13, 0 ],
           'protocol unreachable' => [ 3, 2, 0 ],
           'fragmentation needed' => [ 3, 4, 552 ],
           'time exceeded' => [ 11, 0, 0 ],
           'parameter problem' => [ 12, 0, 0 ] },
    6 => { 'port unreachable' => [ 1, 4, 0 ],
           'host unreachable' => [ 1, 3, 0 ],
           'net unreachable' => [ 1, 0, 0 ],
           'prohibited' => [ 1, 1, 0 ],
           'fragmentation needed' => [ 2, 0, 1280 ],
           'time exceeded' => [ 3, 0, 0 ],
           'parameter problem' => [ 4, 0, 0 ] });

my %raw;

socket($raw{4}, AF_INET, SOCK_RAW, 1) or die "socket: $!\n";
socket($raw{6}, AF_INET6, SOCK_RAW, 58) or die "socket: $!\n";


# about a datagram to the first server: its header, and so much more of it

sub forge {
    my ($v, $what, $query, $more) = @_;

    my ($type, $code, $rest) = @{$errors{$v}{$what}};
    my $len = 8 + length $query->{raw};
    my $quoted = substr pack('n4', $query->{port}, $server, $len, 0)
                        . $query->{raw}, 0, 8 + $more;

    if ($v == 4) {
        my $own = inet_pton(AF_INET, $addr{4});
        my $ip = pack 'CCnnnCCna4a4', 0x45, 0, 20 + $len, 1, 0, 64, 17, 0,
            $own, $own;

        substr $ip, 10, 2, pack('n', sum($ip));

        my $icmp = pack('CCnN', $type, $code, 0, $rest) . $ip . $quoted;

        substr $icmp, 2, 2, pack('n', sum($icmp));
        send $raw{4}, $icmp, 0, pack_sockaddr_in(0, $own);
        return;
    }

    # its checksum is the kernel's work

    my $own = inet_pton(AF_INET6, $addr{6});

    send $raw{6}, pack('CCnN', $type, $code, 0, $rest)
                  . pack('NnCCa16a16', 0x60000000, $len, 17, 64, $own, $own)
                  . $quoted, 0, pack_sockaddr_in6(0, $own);
}


sub sum {
    my ($bytes) = @_;

    my $sum = 0;

    $sum += $_ for unpack 'n*', $bytes . (length($bytes) % 2 ? "\0" : '');
    $sum = ($sum & 0xffff) + ($sum >> 16) while $sum >> 16;

    return ~$sum & 0xffff;
}


# queries that are under way; what came back, later

sub under_way {
    my ($zone, $count) = @_;

    pipe my $out, my $in or die "pipe: $!\n";

    my $pid = fork() // die "fork: $!\n";

    if ($pid) {
        close $in;

        return sub {
            my $said = <$out>;
            waitpid $pid, 0;
            return $said;
        };
    }

    my $r = dns_bulk($port, $count, window => $count,
                     name => sub { "n$_[0].$zone" });

    syswrite $in, join ' ', map { "$_: $r->{$_}" } sort keys %$r;
    POSIX::_exit(0);
}

for my $v (4, 6) {
    my $zone = "v$v.test";
    my ($u, $other) = ($first{$v}, $second{$v});

    for my $what (sort keys %{$errors{$v}}) {
        $u->reset();

        my $said = under_way($zone, 40);

        $t->wait_for(sub { $u->count() == 40 });
        forge($v, $what, $_, 0) for $u->queries();

        is($said->(), '192.0.2.1: 40', "IPv$v: $what, nothing fails");
    }

    is($other->count(), 0, 'and nobody else was asked');

    is_deeply(dns_bulk($port, 100, name => sub { "f$_[0].$zone" }),
              { '192.0.2.1' => 100 }, 'what comes later, too');

    # with the ID; the first one is a hint, no more

    for my $what ('host unreachable', 'fragmentation needed',
                  'port unreachable')
    {
        $u->reset();
        $other->reset();

        my $said = under_way($zone, 10);

        $t->wait_for(sub { $u->count() == 10 });
        forge($v, $what, ($u->queries())[4], 20);

        my ($moved, $text) = $what eq 'port unreachable'
            ? (1, '192.0.2.1: 9 192.0.2.2: 1') : (0, '192.0.2.1: 10');

        is($said->(), $text, "IPv$v: $what, with the ID");
        is($other->count(), $moved, 'asked of another');
    }

    is_deeply(dns_bulk($port, 100, name => sub { "f$_[0].$zone" }),
              { '192.0.2.1' => 100 }, 'nothing stays of it');
}

my $page = metrics($t->port(8080));

cmp_ok($page->{'nginx_dns_upstream_unmatched_total{reason="question"}'}, '>=',
       300, 'counted');
unlike($t->error_log(), qr/left out/, 'nobody was left out');
