#!/usr/bin/perl

# Tests for the configurations in README.md and docs/: nginx -t takes each as it
# is printed.  One that is a part of a configuration stands where it belongs, beside
# upstreams and a cache with the names that it has.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Certificate;
use Test::Nginx::DNS::Namespace;

own_network();

my $t = Test::Nginx::DNS->new()->has(qw/ http ssl http_v2 /);
my $ca = Test::Nginx::DNS::Certificate->new($t);

$ca->issue('cert', 'DNS:dns.example.net');

my $key = $t->read_file('cert.key');
$t->write_file('key.pem', $key);

# where nginx logs that is not told where

mkdir $t->testdir() . '/logs';

must(qw/ ip addr add 192.0.2.1\/24 dev lo /);
must(qw/ ip link add eth0 type veth peer name eth1 /);

my $upstreams = join "\n", map { "dns_upstream $_ { server 192.0.2.9; }" }
                           qw/ filtered internal kube public resolvers /;

for my $file ("$FindBin::Bin/../README.md", glob "$FindBin::Bin/../docs/*.md") {
    open my $fh, '<', $file or die "$file: $!\n";
    my $text = do { local $/; <$fh> };
    my $name = $file =~ s{.*/}{}r;

    while ($text =~ /^```nginx\n(.*?)^```$/msg) {
        my $example = $1;
        my $line = 2 + (() = substr($text, 0, $-[0]) =~ /\n/g);

        next if $example =~ /^load_module [^\n]*\n\z/;

        my ($code, $said) = $t->test_config(whole($example));

        is($code, 0, "$name:$line") or diag($said);
    }
}


sub whole {
    my ($example) = @_;

    $example =~ s/^load_module .*\n//mg;
    $example =~ s{/etc/nginx/our-ca.pem}{@{[ $t->testdir() ]}/ca.pem};
    $example =~ s{/var/log/nginx/}{@{[ $t->testdir() ]}/}g;

    # nginx 1.25.1 warns of what older ones need

    $example =~ s/(listen 443 ssl) http2;/$1;/ if $t->newer(1, 25, 1);

    return <<"EOF_CONF" if $example =~ /^(?:stream|http) \{/m;

%%TEST_GLOBALS%%

events { worker_connections 4096; }

$example
EOF_CONF

    # what is for stream, and what is for a server

    my (@stream, @server);
    my ($block, $to) = (0);

    for my $line (split /^/, $example) {
        $to = $line =~ /^(?:server|dns_upstream|geo|map|upstream) /
              || $line =~ /^dns_(?:cache|limit)_zone\b/ ? \@stream : \@server
            if $block == 0;

        push @$to, $line;
        $block += ($line =~ tr/{//) - ($line =~ tr/}//);
    }

    my $stream = join '', @stream;
    my $server = join '', @server;

    $server = "server { listen 127.0.0.1:%%PORT_8053%% udp;\n"
              . "listen 127.0.0.1:%%PORT_8053%%;\n$server\n"
              . ($server =~ /dns_(?:forward|zone)/ ? ''
                                                   : 'dns_forward . kube;')
              . '}' if $server =~ /\S/;

    my $cache = $stream =~ /zone=answers/ ? ''
                                          : 'dns_cache_zone zone=answers:1m;';

    # names that an example has of its own

    my $beside = join "\n", grep { /dns_upstream (\w+)/
                                   && $stream !~ /dns_upstream $1\b/ }
                            split /\n/, $upstreams;

    return <<"EOF_CONF";

%%TEST_GLOBALS%%

events { worker_connections 4096; }

stream {
    $cache
    $beside
    $stream
    $server
}
EOF_CONF
}
