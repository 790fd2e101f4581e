#!/usr/bin/perl

# Tests for "server HOST resolve": a server that one worker shows in a page is
# known to all others, in their pages and to dns_control.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->has(qw/ http /)->plan(12)
    ->allow(qr/could not be resolved/);

$t->write_file_expand('nginx.conf', <<'EOF_CONF');

%%TEST_GLOBALS%%

worker_processes 4;

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen  127.0.0.1:%%PORT_8080%% reuseport;

        location /status { dns_status  json; }
        location /dns/ { dns_control; }
    }
}

stream {
    resolver          127.0.0.1:%%PORT_8090%% ipv6=off;
    resolver_timeout  1s;

    dns_upstream u {
        server        ns.test:%%PORT_8081%% resolve;
        health_check  off;
    }

    server {
        listen       127.0.0.1:%%PORT_8053%% udp reuseport;
        dns_forward  . u;
    }
}

EOF_CONF

# the authority of ns.test

my $dns = $t->upstream(8090, sub {
    my ($query, $state) = @_;
    return { a => [ '127.0.1.' . ($state->{up} // 1) ], ttl => 1 };
});

$t->run();

my $http = $t->port(8080);

sub servers {
    my ($u) = @{status($http)->{upstreams}};
    return join ' ', map { $_->{server} =~ s/^127.0.1.(\d+):.*/$1/r }
                         @{$u->{servers}};
}

sub post {
    my ($n) = @_;
    my $uri = "/dns/upstreams/u/127.0.1.$n:" . $t->port(8081) . '?state=auto';
    return http($http, $uri, method => 'POST')->{status};
}

# each connection may be another worker's

my $was = 1;

for my $n (2 .. 5) {
    $dns->set(up => $n);

    ok($t->wait_for(sub { servers() eq $n }), "address $n is shown");

    my (%shown, %new, %old);

    for (1 .. 8) {
        $new{post($n)} = 1;
        $old{post($was)} = 1;
        $shown{servers()} = 1;
    }

    is(join(' ', sort keys %new) . ', ' . join(' ', sort keys %old),
       '200, 404', 'all know the new one, and none the old one');
    is(join(' ', sort keys %shown), $n, 'all show it');

    $was = $n;
}
