#!/usr/bin/perl

# Tests for the bound on zone transfers of one client over IPv6, which may have
# all addresses of a /64.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Namespace;
use Test::Nginx::DNS::Stream;

own_network();

must('ip', 'address', 'add', "2001:db8:$_/128", 'dev', 'lo', 'nodad')
    for '1::', '2::1', map { "1::$_" } 1 .. 5;

my $t = Test::Nginx::DNS->new()->plan(3);

$t->write_stream(<<'EOF_CONF');
server {
    listen       [2001:db8:1::]:%%PORT_8053%%;
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

sub transfers {
    my ($to, @from) = @_;
    my @s = map { dns_connect($t->port(8053), addr => $to, from => $_) } @from;

    $_->send([ 'z.test', 'AXFR' ]) for @s;

    my %got;
    $got{$_ ? $_->{rcode} : 'nothing'}++ for map { $_->answer(1) } @s;

    return (\%got, @s);
}

my ($first, @first) = transfers('2001:db8:1::',
                                map { ("2001:db8:1::$_") x 8 } 1 .. 5);
is_deeply($first, { NOERROR => 32, REFUSED => 8 }, 'half for a /64');

my ($other, @other) = transfers('2001:db8:1::', ('2001:db8:2::1') x 4);
is_deeply($other, { NOERROR => 4 }, 'another one has its own');

my ($v4, @v4) = transfers('127.0.0.1', '127.0.0.2', '127.0.0.3');
is_deeply($v4, { NOERROR => 2 }, 'and so has one over IPv4');
