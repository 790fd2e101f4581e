#!/usr/bin/perl

# Tests for the variables $dns_* and $status: a failure that the cache has is
# one, and what is over a limit has a zone, over UDP and TCP.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->has('http')->plan(8);

$t->write_stream(<<'EOF_CONF', pages => 'metrics');
log_format  f  '$status $dns_rcode $dns_cache_status $dns_zone "$dns_error"';
access_log  %%TESTDIR%%/dns.log f;

dns_cache_zone  zone=answers:1m;
dns_limit_zone  client zone=clients:64k rate=1r/m;

server {
    listen                  127.0.0.1:%%PORT_8053%% udp;
    listen                  127.0.0.1:%%PORT_8053%%;
    dns_cache               answers;
    dns_cache_servfail_ttl  5m;
    dns_forward             . 127.0.0.1:%%PORT_8081%%;

    dns_zone limited {
        dns_pass   127.0.0.1:%%PORT_8081%%;
        dns_limit  zone=clients slip=1;
    }
}
EOF_CONF

$t->upstream(8081, sub { { rcode => 'SERVFAIL' } });

$t->run();

my $port = $t->port(8053);

sub logged { (split /\n/, $t->read_file('dns.log'))[-1] }

dns_query($port, 'a.test', 'A');
is(logged(), '502 SERVFAIL MISS . "upstream failed to answer"', 'a server\'s');

for my $proto (qw/ udp tcp /) {
    dns_query($port, 'a.test', 'A', proto => $proto);

    is(logged(), '502 SERVFAIL HIT . "cached failure"', "the cache's, $proto");
}

my $m = metrics($t->port(8080));

is($m->{'nginx_dns_failed_total{reason="cached"}'}, 2, 'counted');
is($m->{'nginx_dns_failed_total{reason="upstream_rcode"}'}, 1, 'once each');
is(total($m, 'nginx_dns_responses_total', qr/SERVFAIL/), 3, 'as responses');

# the first is within the limit

my %said = (udp => '503 NOERROR - limited "over dns_limit, truncated"',
            tcp => '503 REFUSED - limited "over dns_limit"');

for my $proto (qw/ udp tcp /) {
    dns_query($port, 'limited', 'A', proto => $proto) for 1 .. 2;

    is(logged(), $said{$proto}, "over a limit, $proto");
}
