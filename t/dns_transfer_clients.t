#!/usr/bin/perl

# Tests for the bound on zone transfers of one client.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Stream;

my $t = Test::Nginx::DNS->new()->plan(3);

$t->write_stream(<<'EOF_CONF');
server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
}
EOF_CONF

sub soa { [ 'z.test', 'SOA', 60, 'ns.test hm.test 1 3600 600 86400 300' ] }

# the first message, and no more for a while

$t->upstream(8081, sub {
    return ({ answers => [ soa() ] }, { answers => [ soa() ], delay => 1.5 });
}, tcp => 1);

$t->allow(qr/zone transfer .* broke off/);
$t->run();

my $port = $t->port(8053);

sub transfers {
    my ($from, $n) = @_;
    my @s = map { dns_connect($port, from => $from) } 1 .. $n;

    $_->send([ 'z.test', 'AXFR' ]) for @s;

    my %got;
    $got{$_ ? $_->{rcode} : 'nothing'}++ for map { $_->answer(1) } @s;

    return (\%got, @s);
}

my ($first, @first) = transfers('127.0.0.2', 20);
is_deeply($first, { NOERROR => 8, REFUSED => 12 }, 'eight of one address');

my ($other, @other) = transfers('127.0.0.3', 4);
is_deeply($other, { NOERROR => 4 }, 'another one has its own');

# a transfer whose client has left ends with the next message

$_->close() for @first;

ok($t->wait_for(sub {
    my ($again, @again) = transfers('127.0.0.2', 4);
    return ($again->{NOERROR} // 0) == 4;
}, 5), 'those that have ended do not count');
