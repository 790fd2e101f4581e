#!/usr/bin/perl

# Tests for zone: its size says how many servers there is room for, at
# nginx -t as at a reload; servers keep their state in a zone of another size.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->has('http')->allow(qr/\[emerg\]/)->plan(15);

sub config {
    my ($zone, $from, $to) = @_;

    my $servers = join "\n",
        map { "server 127.0.0.$_:%%PORT_8082%% down;" } $from .. $to;

    return <<"EOF_CONF";
%%TEST_GLOBALS%%

events {
}

stream {
    dns_upstream u {
        $zone
        server  127.0.0.1:%%PORT_8081%%;
        $servers
        health_check off;
    }

    server {
        listen       127.0.0.1:%%PORT_8053%% udp;
        dns_forward  . u;
    }
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen  127.0.0.1:%%PORT_8080%%;
        location /status { dns_status json; }
    }
}
EOF_CONF
}

# the size of a zone, not the number of servers that it began with

$t->upstream(8081, sub { { a => '192.0.2.1' } });
$t->write_file_expand('nginx.conf', config('zone u 10m;', 2, 3));
$t->run();

for my $servers ([ 2, 3 ], [ 2, 20 ], [ 100, 200 ], [ 2, 99 ], [ 2, 250 ]) {
    my $config = config('zone u 10m;', @$servers);

    is(($t->test_config($config))[0], 0, "@$servers: nginx -t");
    $t->write_file_expand('nginx.conf', $config);
    ok($t->reload(), "@$servers: reload");
}

# too small: how large it must be

my ($code, $out) = $t->test_config(config('zone u 64k;', 2, 250));

like($out, qr/zone "u" is too small .* with 250 servers, .* at least \d+ in/,
     'too small');

my ($size) = $out =~ /at least (\d+)/;

is(($t->test_config(config("zone u $size;", 2, 250)))[0], 0, 'just enough');
is(($t->test_config(config('zone u ' . ($size - 4096) . ';', 2, 250)))[0], 1,
   'a page too small');

# the zone that is made by itself grows

$t->write_file_expand('nginx.conf', config('', 2, 3));
$t->reload();

dns_query($t->port(8053), 'a.test', 'A');

$t->write_file_expand('nginx.conf', config('', 2, 40));
ok($t->reload(), 'another zone');
ok(status($t->port(8080))->{upstreams}[0]{servers}[0]{rtt} > 0,
   'state is kept');
