#!/usr/bin/perl

# Tests for dns_client_subnet (RFC 7871).

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Message qw/ decode /;

use Socket qw/ inet_aton inet_pton AF_INET6 /;

my $t = Test::Nginx::DNS->new()->plan(46);

$t->write_stream(<<'EOF_CONF');
dns_cache_zone  zone=c:4m;
dns_cache       c;

dns_upstream u {
    server        127.0.0.1:%%PORT_8081%%;
    health_check  off;
}

server {
    listen             127.0.0.1:%%PORT_8053%% udp;
    listen             127.0.0.1:%%PORT_8053%%;
    dns_forward        . u;
    dns_client_subnet  forward;
}

server {
    listen             127.0.0.1:%%PORT_8054%% udp;
    listen             [::1]:%%PORT_8054%% udp;
    dns_forward        . u;
    dns_client_subnet  add v4=16 v6=48;
}

server {
    listen             127.0.0.1:%%PORT_8055%% udp;
    dns_forward        . u;
}
EOF_CONF

# "sN": the scope of the answer; "none": a server that does not know the
# option; the answer says for whom it is

sub subnet {
    my ($addr, $source, $scope) = @_;

    my $v6 = $addr =~ /:/;
    my $bytes = $v6 ? inet_pton(AF_INET6, $addr) : inet_aton($addr);

    return [ 8, pack('nCC', $v6 ? 2 : 1, $source, $scope // 0)
                . substr($bytes, 0, int(($source + 7) / 8)) ];
}

my $u = $t->upstream(8081, sub {
    my ($query) = @_;
    my ($scope) = $query->{qname} =~ /^s(\d+)/;

    my ($ecs) = grep { $_->[0] == 8 } @{$query->{edns}{options} // []};
    my $text = 'nobody';

    if ($ecs) {
        my ($family, $source, $zero, $addr) = unpack 'nCCa*', $ecs->[1];
        $text = "$family/$source/" . unpack 'H*', $addr;

        $addr ^= "\1" if $query->{qname} =~ /wrong/;
        $ecs = [ 8, pack('nCCa*', $family, $source, $scope // 0, $addr) ];
    }

    return { answers => [ [ $query->{qname_raw}, 'TXT', 300, $text ] ],
             edns => $query->{edns} && { size => 1232,
                 options => $ecs && defined $scope ? [ $ecs ] : [] } };
});

$t->run();

my ($forward, $add, $off) = map { $t->port($_) } 8053, 8054, 8055;

# the text of the answer, and the option that came with it

sub asked {
    my ($port, $name, $ecs, %o) = @_;

    my $r = dns_query($port, $name, 'TXT', %o, edns =>
        $o{plain} ? undef : { size => 1232, options => $ecs ? [ $ecs ] : [] });

    return 'none' if !$r;
    return $r->{rcode} if $r->{rcode} ne 'NOERROR';

    my ($got) = grep { $_->[0] == 8 } @{$r->{edns}{options} // []};

    return ($r->{answers}[0]{data},
            $got ? join '/', unpack 'nCCH*', $got->[1] : '-');
}

sub is_asked {
    my ($what, $text, $option, @query) = @_;

    my @got = asked(@query);
    is("@got", join(' ', grep { defined } $text, $option), $what);
}

# forward

is_asked('sent on', '1/24/c00002', '1/24/24/c00002',
         $forward, 's24.a.test', subnet('192.0.2.0', 24));
is_asked('cut', '1/24/c00003', '1/32/24/c0000307',
         $forward, 's24.a.test', subnet('192.0.3.7', 32));
is_asked('a shorter one', '1/20/c00010', '1/20/20/c00010',
         $forward, 's20.b.test', subnet('192.0.16.0', 20));
is_asked('IPv6', '2/56/20010db8000000', '2/56/56/20010db8000000',
         $forward, 's56.a.test', subnet('2001:db8::', 56));
is_asked('none of their own', 'nobody', '-', $forward, 's24.a.test');
is_asked('without EDNS', 'nobody', '-', $forward, 's24.a.test', undef,
         plain => 1);
is_asked('over TCP', '1/24/c00009', '1/24/24/c00009',
         $forward, 's24.a.test', subnet('192.0.9.0', 24), proto => 'tcp');

# by scope

sub count { my $n = $u->count($_[0]); $u->reset(); $n }

$u->reset();

is_asked('in the cache', '1/24/c00002', '1/24/24/c00002',
         $forward, 's24.a.test', subnet('192.0.2.0', 24));
is_asked('the same network', '1/24/c00002', '1/32/24/c0000263',
         $forward, 's24.a.test', subnet('192.0.2.99', 32));
is(count('s24.a.test'), 0, 'not asked again');

is_asked('another network', '1/24/c00004', '1/24/24/c00004',
         $forward, 's24.a.test', subnet('192.0.4.0', 24));
is(count('s24.a.test'), 1, 'asked');

is_asked('scope 16', '1/24/0a0102', '1/24/16/0a0102',
         $forward, 's16.a.test', subnet('10.1.2.0', 24));
is_asked('all of the 16', '1/24/0a0102', '1/24/16/0a01ff',
         $forward, 's16.a.test', subnet('10.1.255.0', 24));
is_asked('with a 16', '1/24/0a0102', '1/16/16/0a01',
         $forward, 's16.a.test', subnet('10.1.0.0', 16));
is(count('s16.a.test'), 1, 'asked once');
is_asked('but no more', '1/24/0a0202', '1/24/16/0a0202',
         $forward, 's16.a.test', subnet('10.2.2.0', 24));
is_asked('nor with a shorter one', '1/8/0a', '1/8/16/0a',
         $forward, 's16.a.test', subnet('10.0.0.0', 8));
is(count('s16.a.test'), 2, 'asked for each');

is_asked('a scope between', '1/24/0a0102', '1/24/13/0a0102',
         $forward, 's13.a.test', subnet('10.1.2.0', 24));
is_asked('is rounded up', '1/24/0a0102', '1/24/16/0a01ff',
         $forward, 's13.a.test', subnet('10.1.255.0', 24));
is_asked('not down', '1/24/0a0002', '1/24/13/0a0002',
         $forward, 's13.a.test', subnet('10.0.2.0', 24));
count('');

is_asked('scope 0', '1/24/0a0102', '1/24/0/0a0102',
         $forward, 's0.a.test', subnet('10.1.2.0', 24));
is_asked('is for all', '1/24/0a0102', '1/24/0/c00002',
         $forward, 's0.a.test', subnet('192.0.2.0', 24));
is_asked('who have none, too', '1/24/0a0102', '-', $forward, 's0.a.test');
is(count('s0.a.test'), 1, 'asked once');

is_asked('a scope longer than the source', '1/16/0a01', '1/16/24/0a01',
         $forward, 's24.b.test', subnet('10.1.0.0', 16));
is_asked('is for the source', '1/16/0a01', '1/16/16/0a01',
         $forward, 's24.b.test', subnet('10.1.0.0', 16));
is(count('s24.b.test'), 1, 'asked once');

is_asked('a server without it', '1/24/0a0102', '1/24/0/0a0102',
         $forward, 'no.test', subnet('10.1.2.0', 24));
is_asked('is for all', '1/24/0a0102', '1/24/0/c00002',
         $forward, 'no.test', subnet('192.0.2.0', 24));

# of another network than was asked for: RFC 7871, 7.3

is_asked('of another network', 'SERVFAIL', undef,
         $forward, 's24.wrong.test', subnet('10.1.2.0', 24));

# who is not to be told of

is_asked('opted out', '1/0/', '1/0/0/',
         $forward, 's24.c.test', subnet('0.0.0.0', 0));
is_asked('in the cache', '1/0/', '1/0/0/',
         $forward, 's24.c.test', subnet('0.0.0.0', 0));
is_asked('not for others', '1/24/0a0102', '1/24/24/0a0102',
         $forward, 's24.c.test', subnet('10.1.2.0', 24));
is($u->count('s24.c.test'), 2, 'asked for each');

# malformed

for ([ 'bits behind the prefix', [ 8, pack 'nCCC3', 1, 20, 0, 192, 0, 31 ] ],
     [ 'address too short', [ 8, pack 'nCCC2', 1, 24, 0, 192, 0 ] ],
     [ 'prefix too long', [ 8, pack 'nCCC5', 1, 33, 0, 1, 2, 3, 4, 128 ] ],
     [ 'a family', [ 8, pack 'nCCC3', 3, 24, 0, 1, 2, 3 ] ],
     [ 'a scope', subnet('192.0.2.0', 24, 24) ])
{
    is_asked($_->[0], 'FORMERR', undef, $forward, 's24.a.test', $_->[1]);
}

# add

is_asked('own address', '1/16/7f00', '-', $add, 's16.e.test');
is_asked('without EDNS', '1/16/7f00', '-', $add, 's16.f.test', undef,
         plain => 1);
is_asked('of the client, cut', '1/16/0a01', '1/24/16/0a0102',
         $add, 's16.e.test', subnet('10.1.2.0', 24));

SKIP: {
    skip 'no IPv6', 1
        if !IO::Socket::IP->new(Proto => 'udp', LocalHost => '::1');

    is_asked('IPv6', '2/48/000000000000', '-', $add, 's48.e.test', undef,
             addr => '::1');
}

# off: another part of the cache

is_asked('off', 'nobody', '-', $off, 's0.a.test', subnet('10.1.2.0', 24));
