#!/usr/bin/perl

# Tests for dns_cache: AD, and OPT, which is never stored (RFC 6840, 6891).

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(12);

$t->write_stream(<<'EOF_CONF', workers => 2);
dns_cache_zone  zone=c:1m;

%%TEST_CACHE_LOG%%

server {
    listen       127.0.0.1:%%PORT_8053%% udp reuseport;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
    dns_cache    c;
}
EOF_CONF

my $u = $t->upstream(8081, sub {
    my ($query) = @_;
    return { a => '192.0.2.1', ad => 1,
             edns => $query->{edns} && { size => 4096,
                 options => [ [ 10, 'cookie of server' ], [ 3, 'nsid' ] ] } };
});

$t->run();

my $port = $t->port(8053);
my $r;

# RFC 6840, 5.7, 5.8: AD in a query asks for AD

$r = dns_query($port, 'a.test', 'A');
is($r->{ad}, 0, 'AD is not for who did not ask');
is(Test::Nginx::DNS::Message::decode(($u->queries())[0]{raw})->{ad}, 1,
   'upstream it is asked for');

$r = dns_query($port, 'a.test', 'A', ad => 1);
is($r->{ad}, 1, 'from the cache: AD for who asked');
is($u->count(), 1, 'one answer for both');

$r = dns_query($port, 'a.test', 'A', do => 1);
is($r->{ad}, 1, 'DO asks as well');

# RFC 6891, 6.2.1: OPT is not cached

dns_query($port, 'b.test', 'A', edns => { size => 1400,
    options => [ [ 10, 'cookie12' ] ] });
$r = dns_query($port, 'b.test', 'A');
is($u->count('b.test'), 1, 'from the cache');
is($r->{edns}, undef, 'no OPT for who sent none');
is(@{$r->{additional}}, 0, 'nor any other record');

$r = dns_query($port, 'b.test', 'A', edns => 700);
is($r->{edns}{size}, 1232, 'our OPT');
is_deeply($r->{edns}{options}, [], 'without the options of another');

dns_query($port, 'c.test', 'A');
$r = dns_query($port, 'c.test', 'A', edns => 700);
is($u->count('c.test'), 1, 'stored without OPT');
is($r->{edns}{size}, 1232, 'answered with one');
