#!/usr/bin/perl

# Tests for dns_status: names that are no UTF-8 do not spoil the pages.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->has('http')->plan(8);

$t->write_stream(<<"EOF_CONF", pages => 'metrics status ready control');
dns_cache_zone  zone=c\xe4:1m;
dns_limit_zone  client zone=l\xe4:64k rate=1r/m;

dns_upstream b\xfcro {
    server        127.0.0.1:%%PORT_8081%%;
    health_check  off;
}

dns_upstream b\xc3\xbcro {
    server        127.0.0.1:%%PORT_8081%%;
    health_check  off;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    dns_cache    c\xe4;
    dns_limit    zone=l\xe4 dry_run;
    dns_forward  . b\xfcro;
    dns_forward  test b\xc3\xbcro;
}
EOF_CONF

$t->upstream(8081, sub { { a => '192.0.2.1' } });

$t->run();

my $http = $t->port(8080);

dns_query($t->port(8053), 'a.test', 'A') for 1 .. 2;

my $m = metrics($http);
my $text = http($http, '/metrics')->{body};

ok(utf8::decode($text), 'metrics are UTF-8');
is(total($m, 'nginx_dns_upstream_usable', qr/upstream="b\\\\xfcro"/), 1,
   'a name that is not');
is(total($m, 'nginx_dns_upstream_usable', qr/upstream="b\xc3\xbcro"/), 1,
   'a name that is');
is(total($m, 'nginx_dns_limited_total', qr/zone="l\\\\xe4"/), 1, 'a limit');

my $s = eval { status($http) };

is($@, '', 'JSON is, too');
is_deeply([ map { $_->{upstream} } @{$s->{upstreams}} ],
          [ 'b\xfcro', "b\xfcro" ], 'names of upstreams');
is($s->{caches}[0]{zone}, 'c\xe4', 'of a cache');

is(http($http, '/dns/caches/c%e4/purge', method => 'POST')->{body},
   qq({"zone":"c\\\\xe4","purged":1}\n), 'what is purged');
