#!/usr/bin/perl

# Tests for dns_status html: the page, its headers, and its figures.  What it
# does in a browser is tested by tools/check-page.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->has(qw/ http /)->plan(19);

$t->write_file_expand('nginx.conf', <<'EOF_CONF');

%%TEST_GLOBALS%%

events {
}

stream {
    server {
        listen       127.0.0.1:%%PORT_8053%% udp;
        dns_forward  . 127.0.0.1:%%PORT_8081%%;
    }
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen  127.0.0.1:%%PORT_8080%%;

        location /desk {
            dns_status  html;
        }

        location "/a\"<b>&/" {
            dns_control;
        }

        location /other/ {
            dns_control;
        }
    }

    server {
        listen  127.0.0.1:%%PORT_8088%%;

        location /desk {
            dns_status  html;
        }
    }
}

EOF_CONF

$t->run();

my $http = $t->port(8080);
my $r = http($http, '/desk');

is($r->{status}, 200, 'status');
is($r->{headers}{'content-type'}, 'text/html; charset=utf-8', 'type');
is($r->{headers}{'content-length'}, length $r->{body}, 'length');
is($r->{headers}{'x-content-type-options'}, 'nosniff', 'nosniff');
is($r->{headers}{'referrer-policy'}, 'no-referrer', 'no referrer');
is($r->{headers}{'cache-control'}, 'no-store', 'not to be stored');

my $policy = $r->{headers}{'content-security-policy'};
my ($nonce) = $policy =~ /'nonce-([0-9a-f]{32})'/;

is($policy, "default-src 'none'; script-src 'nonce-$nonce'; "
            . "style-src 'nonce-$nonce'; connect-src 'self'; img-src data:; "
            . "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
   'policy');
is(scalar(() = $r->{body} =~ /<(?:style|script) nonce="$nonce">/g), 2,
   'style and script');
unlike($r->{body}, qr/\@(?:NONCE|CONTROL|CSS|JS)\@/, 'all is filled in');
unlike($r->{body}, qr/(?<!\.w3\.org)(?:src|href)="?https?:/, 'nothing outside');
like($r->{body}, qr/<\/html>\n$/, 'to its end');
like($r->{body}, qr/content="\/a&quot;&lt;b&gt;&amp;\/"/,
     'where the first dns_control is');

isnt(http($http, '/desk')->{headers}{'content-security-policy'}, $policy,
     'another nonce each time');
like(http($t->port(8088), '/desk')->{body}, qr/dns-control" content=""/,
     'no dns_control in the other server');

is(http($http, '/desk?json')->{headers}{'content-type'}, 'application/json',
   'json');
is(status($http, uri => '/desk?json')->{schema}, 1, 'its schema');
is(http($http, '/desk?x')->{headers}{'content-type'},
   'text/html; charset=utf-8', 'other arguments');
is(http($http, '/desk', method => 'HEAD')->{body}, '', 'HEAD');
is(http($http, '/desk', method => 'POST')->{status}, 405, 'POST');
