#!/usr/bin/perl

# Tests for the keepalive option of RFC 7828 towards servers.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Message qw/ decode /;

use Time::HiRes qw/ sleep /;

my $t = Test::Nginx::DNS->new()->plan(9);

$t->write_stream(<<'EOF_CONF');
dns_upstream tcp {
    server        tcp://127.0.0.1:%%PORT_8081%%;
    health_check  off;
}

dns_upstream udp {
    server        127.0.0.1:%%PORT_8081%%;
    health_check  off;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    dns_forward  tcp.test tcp;
    dns_forward  udp.test udp;
}
EOF_CONF

my $u = $t->upstream(8081, sub {
    my ($query, $state) = @_;
    my $units = $state->{units};

    return { a => '192.0.2.1', edns => $query->{edns} && {
        size => 1232, options => defined $units && $query->{tcp}
                                 ? [ [ 11, pack 'n', $units ] ] : [] } };
}, tcp => 1);

$t->run();

my $port = $t->port(8053);
my $n = 0;

sub ask {
    my ($zone, %o) = @_;

    $n++;
    return dns_query($port, "q$n.$zone.test", 'A', %o)->{answers}[0]{data};
}

sub sent {
    my ($query) = grep { $_->{name} =~ /^q$n\./ } $u->queries();
    my $edns = decode($query->{raw})->{edns};

    return $edns ? join(' ', map { "$_->[0]:" . unpack 'H*', $_->[1] }
                             @{$edns->{options}}) : 'none';
}

ask('tcp', edns => 1232);
is(sent(), '11:', 'asked for over TCP');
ask('udp', edns => 1232);
is(sent(), '', 'not over UDP');
ask('tcp');
is(sent(), 'none', 'not without EDNS');

ask('tcp', edns => 1232) for 1 .. 5;
is($u->accepted(), 1, 'one connection');

$u->set(units => 2);
ask('tcp', edns => 1232);
sleep 0.4;
ask('tcp', edns => 1232);
is($u->accepted(), 2, 'another after 200 ms without a query');

$u->set(units => 0);
is(ask('tcp', edns => 1232), '192.0.2.1', 'not to be used again');

# over the second one, or another if that took longer than 200 ms

my $before = $u->accepted();

is(ask('tcp', edns => 1232), '192.0.2.1', 'nor the next one');
ask('tcp', edns => 1232);
is($u->accepted(), $before + 2, 'a connection for each');

$u->set(units => undef);
ask('tcp', edns => 1232) for 1 .. 3;
is($u->accepted(), $before + 3, 'one again');
