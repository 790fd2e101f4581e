#!/usr/bin/perl

# Tests for what is not stored, and dns_cache_servfail_ttl.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

use Time::HiRes qw/ sleep /;

my $t = Test::Nginx::DNS->new()->plan(17);

$t->write_stream(<<'EOF_CONF', workers => 2);
dns_cache_zone  zone=c:1m;

%%TEST_CACHE_LOG%%

dns_upstream_timeout  200ms;

server {
    listen       127.0.0.1:%%PORT_8053%% udp reuseport;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
    dns_cache    c;
}

server {
    listen                  127.0.0.1:%%PORT_8054%% udp;
    dns_forward             . 127.0.0.1:%%PORT_8082%%;
    dns_cache               c;
    dns_cache_servfail_ttl  0;
}
EOF_CONF

sub answer {
    my ($query) = @_;
    my ($kind) = $query->{qname} =~ /^(\w+)/;

    return $kind eq 'silent' ? ()
        : $kind eq 'tc' ? { a => '192.0.2.1', tc => 1 }
        : $kind eq 'good' ? { a => '192.0.2.1', aa => $query->{rd} ? 0 : 1 }
        : $kind eq 'hint' ? { a => '192.0.2.1', aa => 0 }
        : { rcode => uc $kind };
}

my $u = $t->upstream(8081, \&answer);
my $v = $t->upstream(8082, \&answer);

$t->run();

my $port = $t->port(8053);
my $r;

for my $name (qw/ refused formerr notimp yxdomain tc /) {
    dns_query($port, "$name.test", 'A') for 1, 2;
    is($u->count("$name.test"), 2, "$name is not stored");
}

# RFC 2308, 7.1

dns_query($port, 'servfail.test', 'A');
$r = dns_query($port, 'servfail.test', 'A', edns => 1232);
is($u->count('servfail.test'), 1, 'SERVFAIL is stored');
is($r->{rcode}, 'SERVFAIL', 'SERVFAIL');
is($r->{ede}{code}, 13, 'RFC 8914: Cached Error');

sleep 2.1;
dns_query($port, 'servfail.test', 'A');
is($u->count('servfail.test'), 2, 'for a second');

# the failure of all servers: a storm does not repeat the wait

is(dns_query($port, 'silent.test', 'A')->{rcode}, 'SERVFAIL', 'no answer');
my $slow = 0;
is_deeply(dns_bulk($port, 100, name => 'silent.test', window => 10,
                   each => sub { $slow++ if $_[3] > 0.15 }),
          { SERVFAIL => 100 }, 'again');
cmp_ok($slow, '<=', 10, 'at once');

# a busy machine may have time for less

cmp_ok($u->count('silent.test'), '<=', 3, 'asked once, and repeated twice');

dns_query($t->port(8054), 'servfail.test', 'A') for 1, 2;
is($v->count('servfail.test'), 2, 'dns_cache_servfail_ttl 0');

# without RD an answer may be a referral, unless it is authoritative

dns_query($port, 'hint.test', 'A', rd => 0) for 1, 2;
is($u->count('hint.test'), 2, 'RD 0, not AA: not stored');
dns_query($port, 'good.test', 'A', rd => 0) for 1, 2;
is($u->count('good.test'), 1, 'RD 0, AA: stored');
dns_query($port, 'good.test', 'A');
is($u->count('good.test'), 1, 'for all');
