#!/usr/bin/perl

# Tests for dns_over_https over HTTP/2: many streams of a connection at once,
# whose responses share records of TLS; none waits for another.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::HTTP2;
use Test::Nginx::DNS::Message qw/ encode decode /;
use Test::Nginx::DNS::Status;
use Test::Nginx::DNS::Stream;

my $t = Test::Nginx::DNS->new()->has(qw/ http /)->plan(21);

tls_certificate($t);

my $http2 = $t->newer(1, 25, 1) ? "http2 on;" : '';
my $listen = $http2 ? 'ssl' : 'ssl http2';

my $conf = <<'EOF_CONF';

%%TEST_GLOBALS%%

worker_processes 1;

events {
}

stream {
    dns_cache_zone  zone=c:1m;

    server {
        dns_service  doh;
        dns_forward  . 127.0.0.1:%%PORT_8081%%;
        dns_cache    c;
    }
}

http {
    %%TEST_GLOBALS_HTTP%%

    ssl_certificate      %%TESTDIR%%/cert.pem;
    ssl_certificate_key  %%TESTDIR%%/key.pem;

    keepalive_requests   100000;

    server {
        listen  127.0.0.1:%%PORT_8443%% LISTEN;
        HTTP2

        location /dns-query {
            dns_over_https  doh;
        }

        location /each {
            dns_over_https   doh;
            postpone_output  0;
        }
    }

    server {
        listen  127.0.0.1:%%PORT_8080%%;

        location /metrics {
            dns_status  prometheus;
        }
    }
}

EOF_CONF

$conf =~ s/LISTEN/$listen/;
$conf =~ s/HTTP2/$http2/;

$t->write_file_expand('nginx.conf', $conf);

my $text = 'x' x 20000;

my $u = $t->upstream(8081, sub {
    my ($query) = @_;
    my $name = $query->{qname};

    return { tc => 1 } if !$query->{tcp} && $name =~ /^big/;
    return { answers => [ [ $query->{qname_raw}, 'TXT', 60, $text ] ] }
        if $name =~ /^big/;

    return { a => $name =~ /^q(\d+)\./ ? "10.0.0.$1" : '192.0.2.1',
             delay => $name =~ /^slow/ ? 0.5 : 0 };
}, tcp => 1);

$t->run();

my ($web, $port) = ($t->port(8080), $t->port(8443));

sub query { encode(id => 0, flags => 0x0100, question => [ $_[0],
                                                           $_[1] // 'A' ]) }

sub address { decode($_[0]->{body})->{answers}[0]{data} // 'none' }

sub addresses {
    my ($h, @streams) = @_;
    return join ' ', map { my $r = $h->response($_); $r ? address($r) : '-' }
                     @streams;
}

my @queries = map { query("q$_.test") } 1 .. 60;
my $all = join ' ', map { "10.0.0.$_" } 1 .. 60;

# forwarded, then from the cache

my $h = http2_connect($port);

is(addresses($h, $h->get(@queries)), $all, '60 at once, forwarded');

my $records = $h->{records};

is(addresses($h, $h->get(@queries)), $all, '60 at once, from the cache');
cmp_ok($h->{records} - $records, '<=', 3, 'GET: in few records');

$records = $h->{records};

is(addresses($h, $h->post(@queries)), $all, 'POST: 60 at once');
cmp_ok($h->{records} - $records, '<=', 3, 'POST: in few records');

is(addresses($h, map { $h->get($_) } @queries), $all, 'one after the other');

# "postpone_output 0"

my $each = http2_connect($port, uri => '/each');

is(addresses($each, $each->get(@queries)), $all, 'postpone_output 0');
cmp_ok($each->{records}, '>=', 60, 'each in a record');

# none waits for another

my $slow = $h->get(query('slow.test'));
my @fast = $h->get(@queries);

is(addresses($h, @fast), $all, 'while one is slow');
ok(!$h->{streams}{$slow}{end}, 'before it');
is(address($h->response($slow)), '192.0.2.1', 'and that one');

# longer than what is gathered

my @big = $h->get((query('big.test', 'TXT')) x 5, @queries);

is(addresses($h, @big), join(' ', ($text) x 5, $all), 'long ones between');

# a client that lets a stream have nothing at first

my $narrow = http2_connect($port, settings => { 4 => 0 });
my @narrow = $narrow->get(@queries[0 .. 9]);

is($narrow->response($narrow[9], 0.3), undef, 'no window');
$narrow->grant($_, 10) for @narrow;
is($narrow->response($narrow[9], 0.3), undef, 'a narrow one');
$narrow->grant($_, 1000) for @narrow;
is(addresses($narrow, @narrow), join(' ', map { "10.0.0.$_" } 1 .. 10),
   'a wide one');
$narrow->close();

# streams that are reset while their queries are asked

sub unsent { total(metrics($web), 'nginx_dns_dropped_total', qr/unsent/) }

my @reset = $h->get(map { query("slow$_.reset.test") } 1 .. 20);

$t->wait_for(sub { 20 == grep { $u->count("slow$_.reset.test") } 1 .. 20 });
$h->reset(@reset);

is(addresses($h, $h->get(@queries)), $all, 'others go on');
ok($t->wait_for(sub { unsent() == 20 }), 'streams that were reset');
is(addresses($h, $h->get(@queries)), $all, 'and after them');

# a connection that is closed with responses under way

my $gone = http2_connect($port);

$gone->get(@queries, map { query("slow$_.gone.test") } 1 .. 20);
$t->wait_for(sub { 20 == grep { $u->count("slow$_.gone.test") } 1 .. 20 });
$gone->close();

ok($t->wait_for(sub { unsent() == 40 }), 'a connection that was closed');

# one after the other, with pauses, over the same connection

my $few = http2_connect($port);

is(addresses($few, $few->get($queries[0])), '10.0.0.1', 'a lone one');
select undef, undef, undef, 0.1;
is(addresses($few, $few->get(@queries[0 .. 2])), '10.0.0.1 10.0.0.2 10.0.0.3',
   'three after a pause');
