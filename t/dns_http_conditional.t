#!/usr/bin/perl

# Tests for conditional requests of HTTP: nothing here has a date or an ETag,
# and what was asked for has been done.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->has(qw/ http /)->plan(20);

$t->write_file_expand('nginx.conf', <<'EOF_CONF');

%%TEST_GLOBALS%%

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen  127.0.0.1:%%PORT_8080%%;

        location /query    { dns_over_https doh; }
        location /metrics  { dns_status prometheus; }
        location /status   { dns_status json; }
        location /ready    { dns_status ready; }
        location /dns/     { dns_control; }
    }
}

stream {
    server {
        listen       127.0.0.1:%%PORT_8053%% udp;
        listen       127.0.0.1:%%PORT_8053%%;
        dns_service  doh;
        dns_forward  . 127.0.0.1:%%PORT_8081%%;
    }
}
EOF_CONF

$t->upstream(8081, sub { { a => '192.0.2.1' } });
$t->run();

# a.test A

my $query = '/query?dns=AAABAAABAAAAAAAAAWEEdGVzdAAAAQAB';

for my $header ('If-None-Match: *', 'If-Match: "a"',
                'If-Unmodified-Since: Sat, 28 Nov 2020 07:00:00 GMT')
{
    is(http($t->port(8080), $_, header => "$header\r\n")->{status}, 200,
       "$_ $header") for $query, qw{ /metrics /status /ready };

    for my $state (qw/ down auto /) {
        is(http($t->port(8080), "/dns/ready?state=$state", method => 'POST',
                header => "$header\r\n")->{status}, 200, "$state $header");
    }
}

is(http($t->port(8080), $query)->{status}, 200, 'without');
is(http($t->port(8080), '/ready')->{status}, 200, 'ready');
