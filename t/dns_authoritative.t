#!/usr/bin/perl

# Tests with authoritative name servers, nsd and knot, as two servers of one
# upstream: they are well though they refuse the name that health checks ask
# for, and an answer from the cache says AA and RA as they did.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Authority;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->has('http')->plan(39);

$t->write_stream(<<'EOF_CONF', pages => 'metrics');
dns_cache_zone  zone=c:1m;

log_format  f  '$dns_qname $dns_qtype $dns_flags $dns_cache_status';
access_log  %%TESTDIR%%/dns.log f;

dns_upstream u {
    server  127.0.0.1:%%PORT_8081%%;
    server  127.0.0.1:%%PORT_8082%%;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    dns_forward  . u;
    dns_cache    c;
}

server {
    listen       127.0.0.1:%%PORT_8054%% udp;
    listen       127.0.0.1:%%PORT_8054%%;
    dns_forward  . u;
}
EOF_CONF

$t->write_file('zone', zone('test', '* A 192.0.2.1', 'a.node A 192.0.2.2',
                             'a.other A 192.0.2.2'));

my $nsd = nsd($t, 8081, test => 'zone');
my $knot = knot($t, 8082, test => 'zone');

$t->run();

my $port = $t->port(8053);
my $uncached = $t->port(8054);

# what health checks ask for is refused

is(dns_query($t->port($_), '.', 'NS')->{rcode}, 'REFUSED', 'refused')
    for 8081, 8082;

# each kind of answer is a miss, then a hit twice; with RD, and without

for my $rd (1, 0) {
    my $with = $rd ? 'RD' : 'no RD';
    my $node = $rd ? 'node.test' : 'other.test';

    for ([ "rd$rd.test", 'NOERROR', 1 ], [ $node, 'NOERROR', 0 ],
         [ "a.b.$node", 'NXDOMAIN', 0 ])
    {
        my ($name, $rcode, $count) = @$_;
        my ($first, @hits) = map {
            dns_query($port, $name, 'A', rd => $rd)
        } 1 .. 3;

        is("$first->{rcode} $first->{aa}$first->{ra}", "$rcode 10",
           "$name, $with: AA, no RA");
        is(@{$first->{answers}}, $count, 'answers');
        is($_->{flags}, $first->{flags}, 'a hit has the same') for @hits;
    }

    # they are not asked to do what they don't do

    is(dns_query($port, 'elsewhere.example', 'A', rd => $rd)->{rcode},
       'REFUSED', "$with: not theirs");
}

# both are up after some checks, and have shared the queries

my $page = sub { metrics($t->port(8080)) };
my $first = $page->();

$t->wait_for(sub {
    my $n = total($page->(), 'nginx_dns_health_checks_total');
    return $n >= 6;
}, 15);

is(total($page->(), 'nginx_dns_upstream_up'), 2, 'both are up');
unlike($t->error_log(), qr/is down|left out/, 'nothing was wrong with them');

is_deeply(dns_bulk($uncached, 400, name => sub { "s$_[0].test" }),
          { '192.0.2.1' => 400 }, 'all answered');

# on a busy machine one may be the faster one for a while

cmp_ok(total($page->(), 'nginx_dns_upstream_queries_total', qr/:$_"/), '>',
       40, 'each has its share') for $t->port(8081), $t->port(8082);

# one is stopped: no query fails, hits stay what they were

$nsd->stop();

is_deeply(dns_bulk($uncached, 400, name => sub { "t$_[0].test" }),
          { '192.0.2.1' => 400 }, 'one has stopped');
is(dns_query($port, 'a.b.node.test', 'A')->{aa}, 1, 'a hit');

$t->stop();

my $log = $t->read_file('dns.log');

is(() = $log =~ /^a.b.node.test A rd (?:HIT|MISS)$/mg, 4, 'logged');
is(() = $log =~ /^a.b.node.test A rd HIT$/mg, 3, 'hits');
is(() = $log =~ /^rd0.test A - MISS$/mg, 1, 'a miss without RD');
is(() = $log =~ /^rd0.test A - HIT$/mg, 2, 'hits without RD');
