#!/usr/bin/perl

# Tests for dns_status json: its schema, and the state of servers.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->has(qw/ http /);

$t->write_stream(<<'EOF_CONF', pages => 'status');
dns_cache_zone zone=one:1m;

dns_upstream "a\"b\\c\td" {
    sequential;
    health_check  off;
    server  127.0.0.1:%%PORT_8089%%  max_fails=2 fail_timeout=60s;
    server  127.0.0.1:%%PORT_8081%%  weight=3;
    server  127.0.0.1:%%PORT_8082%%  down;
    server  127.0.0.1:%%PORT_8083%%  backup;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8054%% udp;
    dns_cache    one;
    dns_forward  test "a\"b\\c\td";
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
}

server {
    listen       127.0.0.1:%%PORT_8055%% udp;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
}
EOF_CONF

$t->upstream(8081, sub { { a => '192.0.2.1' } });

$t->run();

my $http = $t->port(8080);
my %addr = map { $_ => '127.0.0.1:' . $t->port($_) }
    8053, 8054, 8055, 8081, 8082, 8083, 8089;

# before any query

my $r = http($http, '/status');

is($r->{headers}{'content-type'}, 'application/json', 'type');
is($r->{headers}{'content-length'}, length $r->{body}, 'length');
is(http($http, '/status', method => 'HEAD')->{body}, '', 'HEAD');
is(http($http, '/status', method => 'DELETE')->{status}, 405, 'DELETE');

my $s = status($http);

is_deeply([ sort keys %$s ],
    [ qw/ caches changes drained schema servers time totals upstreams
       xdp / ], 'the whole');
is($s->{schema}, 1, 'schema');
cmp_ok(abs($s->{time} - time()), '<', 5, 'time');

my $server = $s->{servers}[0];

is_deeply([ sort keys %$server ],
    [ qw/ cache cookies dnstap_dropped dnstap_frames duration hits limited
          listen misses prefetches queries responses server stale zones / ],
    'a server');
is_deeply([ sort keys %{$server->{queries}} ], [ qw/ https tcp tls udp / ],
          'protocols');
is_deeply([ sort keys %{$server->{responses}} ],
          [ qw/ cache error hosts local stale upstream xdp / ], 'sources');

is($server->{server}, $addr{8053}, 'its name');
is_deeply($server->{listen}, [ @addr{8053, 8054} ], 'its addresses');
is($server->{cache}, 'one', 'its cache');
is_deeply($server->{zones},
    [ { zone => 'test', upstream => "a\"b\\c\td", return => undef,
        fallback => [] },
      { zone => '.', upstream => $addr{8081}, return => undef,
        fallback => [] } ],
    'its zones');
is($s->{servers}[1]{cache}, undef, 'no cache');

is_deeply([ map { $_->{upstream} } @{$s->{upstreams}} ],
          [ "a\"b\\c\td", $addr{8081} ], 'upstreams');
is($s->{upstreams}[0]{method}, 'sequential', 'method');
is($s->{upstreams}[1]{method}, 'round_robin', 'the default one');

my $peer = $s->{upstreams}[0]{servers}[1];

is_deeply([ sort keys %$peer ],
    [ qw/ backup changed checked checks_failed checks_passed errors fails
          forced handshakes_failed handshakes_full handshakes_resumed hedges
          outstanding queries reason responses retries rtt server state
          timeouts times tls_error up weight / ], 'a server of an upstream');
is($peer->{weight}, 3, 'weight');
is($peer->{rtt}, undef, 'no time yet');
is_deeply([ map { $_->{backup} ? 1 : 0 } @{$s->{upstreams}[0]{servers}} ],
          [ 0, 0, 0, 1 ], 'backup');
is($s->{upstreams}[0]{servers}[2]{state}, 'down', 'down');

is_deeply([ sort keys %{$s->{caches}[0]} ],
    [ qw/ bytes deferred entries evictions inserts rejected size zone / ],
    'a cache');

# after some

dns_query($t->port(8053), "q$_.test", 'A') for 1 .. 4;
dns_query($t->port(8054), 'q1.test', 'A');
dns_raw($t->port(8053), 'short', timeout => 0.1);

$s = status($http);
$server = $s->{servers}[0];

is_deeply($server->{queries}{udp}, { A => 5, none => 1 }, 'queries');
is_deeply($server->{responses}{upstream}, { NOERROR => 4 }, 'responses');
is($server->{hits}, 1, 'hits');
is($server->{duration}{count}, 5, 'durations');
is(scalar @{$server->{duration}{buckets}}, 17, 'buckets');
is_deeply($server->{duration}{buckets}[-1], [ undef, 5 ], 'the last bucket');
is($s->{totals}{dropped}{short_header}, 1, 'dropped');
is($s->{caches}[0]{entries}, 4, 'entries');

my ($dead, $good) = @{$s->{upstreams}[0]{servers}};

ok(!$dead->{up}, 'not up');
like($dead->{state}, qr/ejected|unhealthy/, 'its state');
isnt($dead->{reason}, '', 'the reason');
is($dead->{errors}, 2, 'errors');
ok($good->{up}, 'the other is up');
is($good->{responses}, 4, 'answers');
cmp_ok($good->{rtt}, '>', 0, 'time');
cmp_ok($good->{rtt}, '<', 1, 'time in seconds');
is($good->{times}{count}, 4, 'times');

$t->plan();
