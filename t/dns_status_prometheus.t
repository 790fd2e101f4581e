#!/usr/bin/perl

# Tests for dns_status prometheus: what is counted where, and the format.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->has(qw/ http /);

$t->write_file('hosts', "192.0.2.7 host.test\n");

$t->write_file_expand('nginx.conf', <<'EOF_CONF');

%%TEST_GLOBALS%%

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen  127.0.0.1:%%PORT_8080%%;

        location /metrics {
            dns_status  prometheus;
        }

        location /denied {
            deny        all;
            dns_status  prometheus;
        }

        location /none/ {
        }
    }
}

stream {
    dns_cache_zone zone=one:1m;

    dns_upstream "a\"b\\c\nd" {
        sequential;
        health_check  off;
        server  127.0.0.1:%%PORT_8089%%  max_fails=2 fail_timeout=60s;
        server  127.0.0.1:%%PORT_8081%%;
        server  127.0.0.1:%%PORT_8082%%  down;
    }

    dns_upstream silent {
        server  127.0.0.1:%%PORT_8083%%;
    }

    server {
        listen                127.0.0.1:%%PORT_8053%% udp;
        dns_hosts             %%TESTDIR%%/hosts fallthrough;
        dns_cache             one;
        dns_cache_stale       1m answer_after=300ms;
        dns_forward           test "a\"b\\c\nd";
        dns_forward           silent silent;
        dns_upstream_timeout  300ms;
    }

    server {
        listen       127.0.0.1:%%PORT_8054%% udp;
        dns_forward  . 127.0.0.1:%%PORT_8081%%;
    }
}

EOF_CONF

$t->upstream(8081, sub {
    my ($query) = @_;
    return $query->{qname} =~ /^no/ ? { rcode => 'NXDOMAIN' }
           : $query->{qname} =~ /^slow/ ? { a => '192.0.2.1', delay => 0.15 }
           : { a => '192.0.2.1' };
});

$t->upstream(8083, sub { () });

$t->run();

my $http = $t->port(8080);
my $port = $t->port(8053);
my $s = 'server="127.0.0.1:' . $port . '"';
my $other = 'server="127.0.0.1:' . $t->port(8054) . '"';
my $up = 'upstream="a\\"b\\\\c\\nd",server="127.0.0.1:';
my ($dead, $good, $down) = map { $up . $t->port($_) . '"' } 8089, 8081, 8082;

# what is there before anything happened

my $m = metrics($http);

is($m->{"nginx_dns_queries_total{$s,proto=\"udp\",type=\"A\"}"}, 0, 'usual');
is($m->{"nginx_dns_upstream_up{$good}"}, 1, 'up');
is($m->{"nginx_dns_upstream_up{$down}"}, 0, 'down');
is($m->{'nginx_dns_cache_size_bytes{zone="one"}'}, 1 << 20, 'size');

# one of each kind

dns_query($port, 'a.test', 'A') for 1 .. 3;
dns_query($port, 'no.test', 'AAAA');
dns_query($port, 'slow.test', 'A');
dns_query($port, 'host.test', 'A');
dns_query($port, 'localhost', 'AAAA');
dns_query($port, 'unknown', 'TYPE65280');
dns_query($port, 'a.test', 'A', opcode => 5);
dns_query($port, 'a.silent', 'MX');
dns_raw($port, 'short', timeout => 0.1);
dns_query($port, 'a.test', 'A', flags => 0x8000, timeout => 0.1);
dns_query($t->port(8054), 'a.test', 'A');

$m = metrics($http);

my %got = map { $_ => $m->{"nginx_dns_queries_total{$s,proto=\"udp\","
                           . "type=\"$_\"}"} }
    qw/ A AAAA MX other none /;

is_deeply(\%got, { A => 5, AAAA => 2, MX => 1, other => 1, none => 3 },
          'queries by type');

%got = ();

for (keys %$m) {
    next if !/^nginx_dns_responses_total\{\Q$s\E,(.*)\}/ || !$m->{$_};
    my $labels = $1;
    $got{$labels} = $m->{$_};
}

is_deeply(\%got, {
    'rcode="NOERROR",source="cache"' => 2,
    'rcode="NOERROR",source="upstream"' => 2,
    'rcode="NXDOMAIN",source="upstream"' => 1,
    'rcode="NOERROR",source="hosts"' => 1,
    'rcode="NOERROR",source="local"' => 1,
    'rcode="REFUSED",source="error"' => 1,
    'rcode="NOTIMP",source="error"' => 1,
    'rcode="SERVFAIL",source="error"' => 1,
}, 'responses by rcode and source');

is($m->{'nginx_dns_dropped_total{reason="short_header"}'}, 1, 'drop');
is($m->{'nginx_dns_dropped_total{reason="response_bit"}'}, 1, 'another drop');
is($m->{'nginx_dns_failed_total{reason="no_zone"}'}, 1, 'failed: no zone');
is($m->{'nginx_dns_failed_total{reason="timeout"}'}, 1, 'failed: timeout');

is(total($m, 'nginx_dns_queries_total'),
   total($m, 'nginx_dns_responses_total')
   + total($m, 'nginx_dns_dropped_total'), 'queries = responses + drops');

is(total($m, 'nginx_dns_queries_total', qr/\Q$other/), 1, 'the other server');

# the histogram: all responses are in it, and how long they took

my $h = 'nginx_dns_request_duration_seconds';

is($m->{"${h}_count{$s}"}, 10, 'durations');
is($m->{"${h}_bucket{$s,le=\"+Inf\"}"}, 10, 'all of them');
is($m->{"${h}_bucket{$s,le=\"0.1\"}"}, 8, 'all but two are quick');
is($m->{"${h}_bucket{$s,le=\"0.25\"}"}, 9, 'the slow one');
cmp_ok($m->{"${h}_sum{$s}"}, '>', 0.45, 'sum');
cmp_ok($m->{"${h}_sum{$s}"}, '<', 3, 'sum in seconds');

# the cache

is($m->{"nginx_dns_cache_hits_total{$s}"}, 2, 'hits');
is($m->{"nginx_dns_cache_misses_total{$s}"}, 4, 'misses');
is($m->{"nginx_dns_cache_stale_total{$s}"}, 0, 'stale');
is($m->{'nginx_dns_cache_entries{zone="one"}'}, 3, 'entries');
is($m->{'nginx_dns_cache_inserts_total{zone="one"}'}, 3, 'inserts');
cmp_ok($m->{'nginx_dns_cache_bytes{zone="one"}'}, '>', 200, 'bytes');
is($m->{'nginx_dns_cache_evictions_total{zone="one"}'}, 0, 'none evicted');
is($m->{'nginx_dns_cache_deferred_total{zone="one"}'}, 0, 'none deferred');
is($m->{"nginx_dns_cache_prefetches_total{$s}"}, 0, 'none prefetched');

# servers of upstreams: an ICMP error, a retry, a timeout

# the third time it is asked because the other one is slow

is($m->{"nginx_dns_upstream_errors_total{$dead}"}, 3, 'errors');
is($m->{"nginx_dns_upstream_queries_total{$dead}"}, 3, 'tries');
is($m->{"nginx_dns_upstream_retries_total{$good}"}, 2, 'retries');
is($m->{"nginx_dns_upstream_responses_total{$good}"}, 3, 'answers');
is($m->{"nginx_dns_upstream_rtt_seconds_count{$good}"}, 3, 'times');
is($m->{"nginx_dns_upstream_rtt_seconds_bucket{$good,le=\"0.1\"}"}, 2,
   'times of two');
is(total($m, 'nginx_dns_upstream_timeouts_total', qr/"silent"/), 1, 'timeout');
is($m->{"nginx_dns_upstream_up{$dead}"}, 0, 'ejected');
is(total($m, 'nginx_dns_upstream_outstanding'), 0, 'nothing outstanding');
is($m->{"nginx_dns_health_checks_total{$good,result=\"pass\"}"}, 0,
   'health checks');
is($m->{'nginx_dns_upstream_unmatched_total{reason="late"}'}, 0,
   'nothing forged');
is($m->{'nginx_dns_joined_total'}, 0, 'none joined');
is($m->{'nginx_dns_unretried_total'}, 0, 'all retried');
is($m->{'nginx_dns_local_total'}, 0, 'none kept from a server by ourselves');
is($m->{'nginx_dns_crowded_total'}, 0, 'none moved to TCP for its twins');
is($m->{"nginx_dns_upstream_hedges_total{$good}"}, 1,
   'another server was asked beside it');
is($m->{'nginx_dns_used{kind="client_connections"}'}, 0, 'no client connected');
is($m->{'nginx_dns_limit{kind="unread_octets"}'}, 64 << 20,
   'a limit before the first client');

# protocol

my $r = http($http, '/metrics');
is($r->{headers}{'content-type'}, 'text/plain; version=0.0.4; charset=utf-8',
   'type');
is($r->{headers}{'content-length'}, length $r->{body}, 'length');
unlike($r->{body}, qr/# EOF/, 'not OpenMetrics');

my $head = http($http, '/metrics', method => 'HEAD');
is($head->{body}, '', 'HEAD');
is($head->{status}, 200, 'HEAD: status');
ok($head->{headers}{'content-length'}, 'HEAD: length');

is(http($http, '/metrics', method => 'POST')->{status}, 405, 'POST');
is(http($http, '/denied')->{status}, 403, 'deny');
is(http($http, '/none/')->{status}, 404, 'not inherited');

my $om = http($http, '/metrics', accept => 'application/openmetrics-text;'
              . 'version=1.0.0,application/openmetrics-text;version=0.0.1;'
              . 'q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1');

is($om->{headers}{'content-type'},
   'application/openmetrics-text; version=1.0.0; charset=utf-8',
   'OpenMetrics: type');
like($om->{body}, qr/\n# EOF\n\z/, 'OpenMetrics: end');
like($om->{body}, qr/^# TYPE nginx_dns_queries counter$/m,
     'OpenMetrics: family');
like($om->{body}, qr/^nginx_dns_queries_total\{/m, 'OpenMetrics: sample');

# each family once, with a help text and a type before its samples

my (%seen, $family, @bad);

for (split /\n/, $r->{body}) {
    if (/^# HELP (\S+) \S/) {
        $family = $1;
        push @bad, $_ if $seen{$family}++;

    } elsif (!/^# TYPE \Q$family\E (?:counter|gauge|histogram)$/
             && !/^\Q$family\E(?:_bucket|_sum|_count)?[{ ]/)
    {
        push @bad, $_;
    }
}

is("@bad", '', 'families');

# and what Prometheus itself thinks of it

SKIP: {
    skip 'no promtool', 1 if system('command -v promtool >/dev/null') != 0;

    $t->write_file('metrics', $r->{body});

    my $said = `promtool check metrics < @{[ $t->testdir() ]}/metrics 2>&1`;
    is("$? $said", '0 ', 'promtool');
}

$t->plan();
