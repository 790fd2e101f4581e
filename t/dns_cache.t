#!/usr/bin/perl

# Tests for dns_cache: a repeated question is answered without a server.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

use Time::HiRes qw/ sleep /;

my $t = Test::Nginx::DNS->new()->plan(15);

$t->write_stream(<<'EOF_CONF', workers => 2);
dns_rotate      off;          # octets are compared

dns_cache_zone  zone=c:1m;

%%TEST_CACHE_LOG%%

server {
    listen       127.0.0.1:%%PORT_8053%% udp reuseport;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
    dns_cache    c;
}

server {
    listen       127.0.0.1:%%PORT_8054%% udp reuseport;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
}
EOF_CONF

my $u = $t->upstream(8081, sub {
    return { a => [ '192.0.2.1', '192.0.2.2' ], ttl => 100, aa => 1 };
});

$t->run();

my $port = $t->port(8053);
my ($r, $first);

$first = dns_query($port, 'Www.Example.test', 'A');
is($first->{aa}, 1, 'of the server: AA');
is($first->{answers}[0]{ttl}, 100, 'its TTL');

sleep 1.2;

$r = dns_query($port, 'wWW.eXAMPLE.tEST', 'A', id => 0x4242, rd => 0, cd => 0);

is($u->count(), 1, 'asked once');
is($r->{id}, 0x4242, 'ID of the client');
is($r->{qname_raw}, 'wWW.eXAMPLE.tEST', 'letter case of the client');
is($r->{rd}, 0, 'RD of the client');
is($r->{aa}, 1, 'from the cache: AA as the server had it');
is(join(' ', map { $_->{data} } @{$r->{answers}}), '192.0.2.1 192.0.2.2',
   'the records');
ok($r->{answers}[0]{ttl} == 99 || $r->{answers}[0]{ttl} == 98,
   'the TTL counts down');
is($r->{answers}[1]{ttl}, $r->{answers}[0]{ttl}, 'that of all records');

is_deeply(dns_bulk($port, 2000, name => 'www.example.test', window => 100,
                   sockets => 16), { '192.0.2.1' => 2000 }, 'many');
is($u->count(), 1, 'in all workers');

is((split /\n/, $t->read_file('dns.log'))[0],
   'www.example.test A NOERROR MISS', 'log: MISS');
is((split /\n/, $t->read_file('dns.log'))[1],
   'www.example.test A NOERROR HIT', 'log: HIT');

dns_query($t->port(8054), 'bypass.test', 'A');
like($t->read_file('dns.log'), qr/^bypass.test A NOERROR BYPASS$/m,
     'log: BYPASS');
