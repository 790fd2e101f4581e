#!/usr/bin/perl

# Tests for dns_cache_stale: old answers when servers fail (RFC 8767).

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

use Time::HiRes qw/ sleep time /;

my $t = Test::Nginx::DNS->new()->plan(24);

$t->write_stream(<<'EOF_CONF');
dns_cache_zone  zone=c:1m;

%%TEST_CACHE_LOG%%

dns_upstream_timeout  3s;
dns_cache_stale       60s answer_after=300ms ttl=7;

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
    dns_cache    c;
}

server {
    listen           127.0.0.1:%%PORT_8054%% udp;
    dns_forward      . 127.0.0.1:%%PORT_8082%%;
    dns_cache        c;
    dns_cache_stale  0;
}
EOF_CONF

sub answer {
    my ($query, $state) = @_;
    my $nx = $query->{qname} =~ /^nx/;

    return () if $state->{silent};
    return { rcode => 'SERVFAIL' } if $state->{fail};

    return { rcode => $nx ? 'NXDOMAIN' : 'NOERROR',
             answers => $nx ? [] : [ [ $query->{qname_raw}, 'A', 1,
                                       '192.0.2.' . ($state->{n} // 1) ] ],
             authority => $nx ? [ [ 'test', 'SOA', 1, 'a b 1 2 3 4 1' ] ] : [],
             delay => $state->{delay} // 0 };
}

my $u = $t->upstream(8081, \&answer);
my $v = $t->upstream(8082, \&answer);

$t->run();

my $port = $t->port(8053);
my ($r, $start);

dns_query($port, $_, 'A') for qw/ a.test nx.test fresh.test burst.test
                                  fail.test /;
dns_query($t->port(8054), 'a.test', 'A');

sleep 2.1;

# a refresh comes first

$u->set(n => 2);
$r = dns_query($port, 'fresh.test', 'A');
is($r->{answers}[0]{data}, '192.0.2.2', 'the server answers: no stale answer');
like($t->read_file('dns.log'), qr/^fresh.test A NOERROR EXPIRED$/m,
     'log: EXPIRED');

# then, after answer_after, the old answer

$u->set(silent => 1);
$u->reset();
$start = time();
$r = dns_query($port, 'a.test', 'A', edns => 1232);

is($r->{answers}[0]{data}, '192.0.2.1', 'stale answer');
is($r->{answers}[0]{ttl}, 7, 'its TTL');
is($r->{ede}{code}, 3, 'RFC 8767: EDE 3');
cmp_ok(time() - $start, '>', 0.28, 'after answer_after');
cmp_ok(time() - $start, '<', 1, 'not after the timeout');
like($t->read_file('dns.log'), qr/^a.test A NOERROR STALE$/m, 'log: STALE');

# who asks while the refresh still goes on waits no more

$start = time();
$r = dns_query($port, 'a.test', 'A', edns => 1400);
is($r->{answers}[0]{data}, '192.0.2.1', 'again');
cmp_ok(time() - $start, '<', 0.2, 'at once');
cmp_ok($u->count('a.test'), '<=', 3, 'one refresh, with its repeats');

$r = dns_query($port, 'nx.test', 'A', edns => 1232);
is($r->{rcode}, 'NXDOMAIN', 'stale NXDOMAIN');
is($r->{ede}{code}, 19, 'EDE 19');

# a burst for one name sends one query in a worker

$u->reset();
is_deeply(dns_bulk($port, 1000, name => 'burst.test', window => 150,
                   sockets => 16), { '192.0.2.1' => 1000 }, 'burst');
cmp_ok($u->count("burst.test"), '<=', 3, "one question, with its repeats");

# all servers fail: the old answer at once

$u->set(silent => 0, fail => 1);
$u->reset();
$start = time();
$r = dns_query($port, 'fail.test', 'A');
is($r->{answers}[0] && $r->{answers}[0]{data}, '192.0.2.1', 'all failed');
is($u->count('fail.test'), 1, 'asked');
cmp_ok(time() - $start, '<', 0.25, 'at once');

# and no server is asked again for dns_cache_servfail_ttl, and up to a second
# more

$u->reset();
$start = time();
$r = dns_query($port, 'fail.test', 'A', edns => 1232);
is($r->{answers}[0] && $r->{answers}[0]{data}, '192.0.2.1', 'soon after');
is($r->{ede}{code}, 3, 'stale');
is($u->count('fail.test'), 0, 'no server asked');
like($t->read_file('dns.log'), qr/^(fail.test A NOERROR STALE\n){2}\z/m,
     'log: STALE, too');

# the refresh goes on in the background

sleep_until($start + 2.1);
$u->set(fail => 0, n => 3, delay => 0.6);
dns_query($port, 'fail.test', 'A');
sleep 0.6;
$r = dns_query($port, 'fail.test', 'A');
is($r->{answers}[0]{data}, '192.0.2.3', 'the new answer came for the next');

# off

$v->set(fail => 1);
is(dns_query($t->port(8054), 'a.test', 'A')->{rcode}, 'SERVFAIL', 'off');
