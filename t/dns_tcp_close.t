#!/usr/bin/perl

# Tests for connections that end: garbage, idle clients, queries that are not
# complete, clients that do not read.  All are counted and logged.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Message qw/ encode /;
use Test::Nginx::DNS::Status;
use Test::Nginx::DNS::Stream;

use Time::HiRes qw/ sleep time /;

my $t = Test::Nginx::DNS->new()->has(qw/ http /)->plan(31);

$t->write_stream(<<'EOF_CONF', pages => 'metrics');
dns_cache_zone  zone=c:32m;

dns_client_timeout  300ms;

log_format  f  '$dns_qname $protocol $bytes_received $dns_error';
access_log  %%TESTDIR%%/dns.log f;

server {
    listen            127.0.0.1:%%PORT_8053%%;
    dns_forward       test 127.0.0.1:%%PORT_8081%%;
    dns_cache         c;
    dns_idle_timeout  500ms;
}

server {
    listen              127.0.0.1:%%PORT_8054%%;
    dns_forward         test 127.0.0.1:%%PORT_8081%%;
    dns_cache           c;
    dns_client_timeout  10s;
}
EOF_CONF

my $text = 'x' x 20000;

my $u = $t->upstream(8081, sub {
    my ($query) = @_;
    my $name = $query->{qname};

    return { tc => 1 } if !$query->{tcp} && $name =~ /^big/;

    return { answers => [ [ $query->{qname_raw}, 'TXT', 60, $text ] ] }
        if $name =~ /^big/;

    return { a => '192.0.2.1', delay => $name =~ /^slow/ ? 0.8 : 0 };
}, tcp => 1);

$t->run();

my $port = $t->port(8053);
my ($s, $r, $n);

my $query = frame(encode(id => 77, flags => 0x0100,
                         question => [ 'a.test', 'A' ]));
my $answer = frame(encode(id => 78, flags => 0x8100,
                          question => [ 'a.test', 'A' ]));

sub dropped {
    total(metrics($t->port(8080)), 'nginx_dns_dropped_total',
          qr/reason="$_[0]"/);
}

# a client that has gone when its answer comes

$s = dns_connect($port);
$s->send([ 'slow.gone.test', 'A' ]);
$s->close();

ok($t->wait_for(sub { $t->read_file('dns.log') =~ /^slow.gone.test TCP/m }),
   'a client that has gone');

# what is not a query

for ([ 'short_header', "\0\0" ], [ 'short_header', frame('x' x 11) ],
     [ 'response_bit', $answer ])
{
    my ($reason, $bytes) = @$_;

    my $before = dropped($reason);

    $s = dns_connect($port);
    $s->write($query . $bytes . $query);

    ok($s->answer(), "query before $reason");
    is($s->answer(), undef, 'none after it');
    ok($s->closed(), 'closed');
    is(dropped($reason) - $before, 1, 'counted');
}

# idle

$s = dns_connect($port);
my $start = time();
ok($s->closed(), 'without any query');
cmp_ok(abs(time() - $start - 0.5), '<', 0.3, 'after dns_idle_timeout');

$s = dns_connect($port);
$s->send([ 'slow.test', 'A' ]);
is($s->answer()->{answers}[0]{data}, '192.0.2.1',
   'not idle while a server is waited for');
ok($s->closed(), 'closed then');

# octet by octet, and too slow

$n = dropped('incomplete');
$s = dns_connect($port);
$start = time();

for my $octet (split //, $query) {
    $s->write($octet) or last;
    sleep 0.05;
}

ok($s->closed(), 'a slow writer');
is(dropped('incomplete') - $n, 1, 'counted');

$s = dns_connect($port);
$s->write($query . substr($query, 0, 10));
$s->shutdown();
ok($s->answer(), 'a query before half a one');
ok($s->closed(), 'end inside of a query');
is(dropped('incomplete') - $n, 2, 'counted');

# the timer of the length of another protocol

$s = dns_connect($port);
$s->write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
ok($s->closed(), 'HTTP');
is(dropped('incomplete') - $n, 3, 'counted');

# who does not read

dns_query($port, 'big.test', 'TXT', proto => 'tcp');

$n = dropped('unsent');
$s = dns_connect($port, rcvbuf => 4096);
$s->send(map { [ 'big.test', 'TXT' ] } 1 .. 2000);

ok($t->wait_for(sub { dropped('unsent') > $n }, 60), 'a client that does not read');
cmp_ok(dropped('unsent') - $n, '<', 20, 'bounded');

# who reads late gets all

$s = dns_connect($t->port(8054), rcvbuf => 4096);
$s->send(map { [ 'big.test', 'TXT' ] } 1 .. 400);
sleep 0.5;
is((grep { my $r = $s->answer(); $r && length $r->{answers}[0]{data} == 20000 }
    1 .. 400), 400, 'a client that reads late');

$t->stop();

like($t->error_log(), qr/client sent what is not a query, client: 127/, 'log');
like($t->error_log(), qr/client timed out in a query.*, client: 127/, 'log');
like($t->error_log(), qr/client does not read, \d+ octets of answers dropped/,
     'log');
like($t->read_file('dns.log'), qr/^- TCP 10 query is incomplete/m,
     'access log');
