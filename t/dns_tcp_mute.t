#!/usr/bin/perl

# Tests for connections to a server over TCP and TLS that hear nothing any more,
# and are not closed, as where another server has taken the place of the one that
# they lead to: new queries go by new ones, and what waits is asked again there.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

use IO::Select;
use Time::HiRes qw/ sleep time /;

my $t = Test::Nginx::DNS->new()->plan(7);

$t->write_stream(<<'EOF_CONF');
dns_upstream u {
    server        tcp://127.0.0.1:%%PORT_8081%%;
    health_check  off;
}

dns_upstream_timeout  4s;

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    dns_forward  . u;
}
EOF_CONF

# once "mute" is set, connections from before bring nothing

my %known;

my $u = $t->upstream(8081, sub {
    my ($query, $state) = @_;

    $known{$query->{port}} = 1 if !$state->{mute};

    return $state->{mute} && $known{$query->{port}} ? ()
                                                    : { a => '192.0.2.1' };
}, tcp => 1);

$t->run();

my $port = $t->port(8053);

is(asked('a.test'), '192.0.2.1', 'before');

$u->set(mute => 1);

# one that is lost, and others after a while, which have no reason to wait

my $lost = ask('lost.test');

ok($t->wait_for(sub { $u->count('lost.test') }), 'a query is lost');
sleep 1;

my $time = time();

is(asked("b$_.test"), '192.0.2.1', 'a later one') for 1 .. 3;
cmp_ok(time() - $time, '<', 2.5, 'at once');

# the first is asked again, by another connection

my $bytes;

$lost->recv($bytes, 512) if IO::Select->new($lost)->can_read(2);

my $r = $bytes && Test::Nginx::DNS::Message::decode($bytes);

is($r && $r->{answers}[0]{data}, '192.0.2.1', 'what was lost, too');


sub ask {
    my ($name) = @_;

    my $s = IO::Socket::IP->new(Proto => 'udp', PeerHost => '127.0.0.1',
                                PeerPort => $port);

    $s->send(Test::Nginx::DNS::Message::encode(
        id => 1, flags => 0x0100, question => [ $name, 'A' ]));

    return $s;
}

sub asked {
    my ($name) = @_;

    my $r = dns_query($port, $name, 'A', timeout => 6);

    return $r ? $r->{answers}[0]{data} // $r->{rcode} : 'none';
}
