#!/usr/bin/perl

# Tests for identical questions that differ in what a client says of its
# network: each of them outstanding is one more try of the same guess for who
# forges answers (RFC 5452, 7.2), so that few are asked over UDP at once and the
# others over TCP.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Message qw/ encode decode /;
use Test::Nginx::DNS::Status;

use IO::Select;
use IO::Socket::IP;
use Time::HiRes qw/ time /;

use constant { QUERIES => 3000, DELAY => 2 };

my $t = Test::Nginx::DNS->new()->has('http')->plan(12);

$t->write_stream(<<'EOF_CONF', workers => 2, pages => 'metrics');
dns_cache_zone  zone=c:4m;
dns_cache       c;

# an unanswered query is sent again: that is one more to be guessed

# ... and a busy machine takes its time for 3000 answers over TCP

dns_upstream_timeout      12s;
dns_next_upstream_budget  off;

dns_upstream u {
    server        127.0.0.1:%%PORT_8081%%;
    health_check  off;
}

dns_upstream by_client {
    hash          $remote_addr;
    server        127.0.0.1:%%PORT_8081%%;
    health_check  off;
}

server {
    listen             127.0.0.1:%%PORT_8053%% udp reuseport;
    dns_client_subnet  forward;
    dns_forward        . u;
}

server {
    listen       127.0.0.1:%%PORT_8054%% udp reuseport;
    dns_forward  . by_client;
}
EOF_CONF

# An answer is late, and tells how its query came.  "most" is how many queries
# over UDP were there at once, each of which a forger could have answered.

my (@udp, $over_tcp);
my $most = 0;

my $u = $t->upstream(8081, sub {
    my ($query, $state) = @_;

    if ($query->{qname} eq 'most.test') {
        my $said = "$most " . ($over_tcp // 0);

        ($most, $over_tcp, @udp) = (0, 0);

        return { answers => [ [ 'most.test', 'TXT', 0, $said ] ] };
    }

    my $now = time();
    my ($subnet) = map { $_->[0] == 8 ? $_->[1] : () }
        @{$query->{edns} ? $query->{edns}{options} : []};

    # what it is for is as long as what was asked for

    substr $subnet, 3, 1, substr $subnet, 2, 1 if $subnet;

    if ($query->{tcp}) {
        $over_tcp++;

    } else {
        shift @udp while @udp && $udp[0] <= $now;
        push @udp, $now + DELAY;
        $most = @udp if @udp > $most;
    }

    return { a => $query->{tcp} ? '192.0.2.6' : '192.0.2.17', delay => DELAY,
             edns => { options => [ $subnet ? [ 8, $subnet ] : () ] } };
}, tcp => 1);

$t->run();

sub counted {
    my $r = dns_query($t->port(8081), 'most.test', 'TXT');
    return split ' ', $r->{answers}[0]{data};
}


# one question of so many networks, or clients, from many ports: both workers
# have to do with it

sub ask {
    my ($port, $count, %o) = @_;

    my @sockets = map {
        IO::Socket::IP->new(Proto => 'udp', PeerHost => '127.0.0.1',
            PeerPort => $t->port($port), Blocking => 0,
            LocalHost => $o{clients} ? '127.0.' . int($_ / 250) . '.'
                                       . ($_ % 250 + 1) : '127.0.0.1')
        // die "no socket: $@\n";
    } 1 .. $o{clients} // 60;

    my $select = IO::Select->new(@sockets);
    my (%said, $n);

    my $read = sub {
        for my $socket ($select->can_read($_[0])) {
            while (defined recv $socket, my $bytes, 4096, 0) {
                my $r = decode($bytes);
                my $a = $r->{answers}[0];

                $said{$a ? $a->{data} : $r->{rcode}}++;
                $n++;
            }
        }
    };

    for my $i (0 .. $count - 1) {
        my $net = pack 'nCCCCC', 1, 24, 0, 10, $i >> 8 & 255, $i & 255;

        $sockets[$i % @sockets]->send(encode(
            id => $i, flags => 0x0100, question => [ 'same.test', 'A' ],
            edns => { size => 1232,
                      options => $o{clients} ? [] : [ [ 8, $net ] ] }));

        # not more than its sockets can take

        $read->(0.01) if $i % 100 == 99;
    }

    my $end = time() + 15;

    $read->(0.1) while ($n // 0) < $count && time() < $end;

    return \%said;
}

sub metric { total(metrics($t->port(8080)), 'nginx_dns_crowded_total') }

# networks of clients

is(metric(), 0, 'none yet');

my $said = ask(8053, QUERIES);
my ($udp, $tcp) = counted();

cmp_ok($udp, '<=', 100, 'few at once over UDP');
cmp_ok($udp, '>=', 20, 'but some');
cmp_ok($tcp, '>=', 0.8 * QUERIES, 'the others over TCP');
is(($said->{'192.0.2.17'} // 0) + ($said->{'192.0.2.6'} // 0), QUERIES,
   'all are answered') or diag(explain($said));
cmp_ok(my $crowded = metric(), '>=', 0.8 * QUERIES, 'counted');
cmp_ok($crowded, '<', QUERIES, 'not more than there are');

# clients that have an answer of their own by "hash"

$said = ask(8054, 1000, clients => 1000);
($udp, $tcp) = counted();

cmp_ok($udp, '<=', 100, 'clients: few at once over UDP');
cmp_ok($tcp, '>=', 800, 'the others over TCP');
is(($said->{'192.0.2.17'} // 0) + ($said->{'192.0.2.6'} // 0), 1000,
   'all are answered') or diag(explain($said));
cmp_ok(metric(), '>=', $crowded + 800, 'counted');

# what is asked when they are done goes over UDP again

is(dns_query($t->port(8053), 'same.test', 'A')->{answers}[0]{data},
   '192.0.2.17', 'over UDP again');
