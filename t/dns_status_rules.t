#!/usr/bin/perl

# Tests for conf/prometheus-rules.yml: which alerts fire for the servers of the
# page, as Prometheus' promtool has it.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

plan(skip_all => 'no promtool here')
    if system('command -v promtool >/dev/null') != 0;

my $t = Test::Nginx::DNS->new()->has('http')->plan(7);

# one server of "some" is out of order, another one is marked down; "none" has
# no server, and the only one of "dead" is out of order

$t->write_stream(<<'EOF_CONF', pages => 'metrics');
resolver          127.0.0.1:%%PORT_8084%% ipv6=off;
resolver_timeout  1s;

dns_upstream some {
    server        127.0.0.1:%%PORT_8081%%;
    server        127.0.0.1:%%PORT_8088%%;
    server        127.0.0.1:%%PORT_8089%%  down;
    health_check  interval=100ms;
}

dns_upstream none {
    server        none.example  resolve;
}

dns_upstream dead {
    server        127.0.0.1:%%PORT_8088%%;
    health_check  interval=100ms;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    dns_forward  some.test some;
    dns_forward  none.test none;
    dns_forward  dead.test dead;
}
EOF_CONF

$t->upstream(8081, sub { { a => '192.0.2.1' } });
$t->upstream(8084, sub { { rcode => 'NXDOMAIN' } });

$t->run();

my $page;

ok($t->wait_for(sub {
    $page = metrics($t->port(8080));

    return total($page, 'nginx_dns_upstream_up') == 1
           && total($page, 'nginx_dns_upstream_up', qr/"dead"/) == 0;
}), 'servers are out');

is_deeply({ map { /^nginx_dns_upstream_usable\{upstream="(\w+)"\}$/
                  ? ($1 => $page->{$_}) : () } keys %$page },
          { some => 1, none => 0, dead => 0 }, 'servers of use');
is_deeply([ map { /^nginx_dns_upstream_disabled.*:(\d+)"/ && $page->{$_}
                  ? $1 : () } keys %$page ],
          [ $t->port(8089) ], 'one is marked down');

sub addr { '127.0.0.1:' . $t->port($_[0]) }

my $down = [ map { { upstream => $_, server => addr(8088),
                     severity => 'warning' } } qw/ dead some / ];
my $all = [ map { { upstream => $_, severity => 'critical' } }
            qw/ dead none / ];

is(fires('NginxDnsUpstreamDown', $down, sub {
    "DNS server $_[0]{server} of upstream $_[0]{upstream} is down";
}), '', 'servers that are down, but not by the configuration');

is(fires('NginxDnsUpstreamAllDown', $all, sub {
    "Upstream $_[0]{upstream} has no usable DNS server";
}), '', 'upstreams without a server of use');

is(fires('NginxDnsForced', []), '', 'nothing was set by hand');
is(fires('NginxDnsNotSent', []), '', 'nothing is lacking');


# Says what is wrong if others fire when the page has been the same for a while

sub fires {
    my ($name, $alerts, $summary) = @_;

    my $series = join '', map {
        "      - series: '$_'\n        values: '$page->{$_}x300'\n"
    } grep { !/_bucket|'/ } sort keys %$page;

    my $expected = join '', map {
        my $alert = $_;

        "          - exp_labels:\n",
        (map { "              $_: '$alert->{$_}'\n" } sort keys %$alert),
        "            exp_annotations:\n",
        "              summary: '", $summary->($alert), "'\n";
    } @$alerts;

    $expected = $expected ? "        exp_alerts:\n$expected" : '';

    $t->write_file('alerts.yml', <<"EOF_YML");
rule_files:
  - $FindBin::Bin/../conf/prometheus-rules.yml
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
$series
    alert_rule_test:
      - eval_time: 5h
        alertname: $name
$expected
EOF_YML

    my $said = `promtool test rules @{[ $t->testdir() ]}/alerts.yml 2>&1`;

    return $? ? $said : '';
}
