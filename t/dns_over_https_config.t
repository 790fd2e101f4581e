#!/usr/bin/perl

# Tests for dns_over_https and dns_service: what nginx -t refuses and warns of.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(17);

sub config {
    my ($http, $stream, $last) = @_;

    my @blocks = ("http {\n%%TEST_GLOBALS_HTTP%%\nserver {\n"
                  . "listen 127.0.0.1:%%PORT_8080%%;\n$http\n}\n}\n",
                  "stream {\n$stream\n}\n");

    return join ' ', $t->test_config(join "\n", '%%TEST_GLOBALS%%',
                                     'events {', '}',
                                     $last ? reverse @blocks : @blocks);
}

my $server = 'server { dns_service doh; dns_forward . 127.0.0.1:53; }';
my $location = 'location /q { dns_over_https doh; }';

# both orders; no "listen"

like(config($location, $server), qr/test is successful/, 'http before stream');
like(config($location, $server, 1), qr/test is successful/,
     'stream before http');
unlike(config($location, $server), qr/warn/, 'no warning');
like(config("$location location /r { dns_over_https doh; }", $server),
     qr/test is successful/, 'two locations');

# names

for my $last (0, 1) {
    like(config('location /q { dns_over_https dho; }', $server, $last),
         qr/\[emerg\].*"dns_over_https": unknown service "dho", it must be that of "dns_service" of a server in stream, in \S+:\d+/,
         'unknown');
}

like(config($location, 'server { listen 127.0.0.1:%%PORT_8053%%; '
                       . 'dns_forward . 127.0.0.1:53; }'),
     qr/unknown service "doh"/, 'no dns_service');
like(config('', $server),
     qr/\[warn\].*no "dns_over_https" uses "dns_service" "doh" of the server in \S+:\d+/,
     'a service nobody uses');
like(config($location, "$server $server"),
     qr/\[emerg\].*"dns_service": "doh" is the name of the server in \S+:\d+, too/,
     'twice the same name');
like(config($location, 'server { dns_service doh; dns_service b; '
                       . 'dns_forward . 127.0.0.1:53; }'),
     qr/"dns_service" directive is duplicate/, 'two names');
like(config($location, 'server { dns_service ""; '
                       . 'dns_forward . 127.0.0.1:53; }'),
     qr/"dns_service": the name is empty/, 'dns_service ""');
like(config('location /q { dns_over_https ""; }', $server),
     qr/"dns_over_https": the name is empty/, 'dns_over_https ""');

# in the location

like(config('location /q { dns_over_https doh; dns_over_https doh; }', $server),
     qr/"dns_over_https" directive is duplicate/, 'twice');
like(config('location /q { dns_over_https doh; proxy_pass http://127.0.0.1; }',
            $server),
     qr/"dns_over_https" and "proxy_pass" or the like exclude each other in a location, in \S+:\d+/,
     'with proxy_pass');
like(config('location /q { dns_over_https doh; return 404; }', $server),
     qr/"dns_over_https" and "return" or the like exclude each other in a location, in \S+:\d+/,
     'with return');
like(config('location /q { if ($arg_a) { return 404; } dns_over_https doh; }',
            $server),
     qr/test is successful/, 'with return in an if');

# without what would answer

like(config($location, 'server { dns_service doh; }'),
     qr/no "dns_forward" for server in/, 'no dns_forward');
