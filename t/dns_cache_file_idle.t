#!/usr/bin/perl

# Tests for dns_cache_zone ... file= where the worker that writes the file gets
# no query: after a purge it is written twice, all the same.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->has(qw/ http /)->plan(5);

$t->write_file_expand('nginx.conf', <<'EOF_CONF');

%%TEST_GLOBALS%%

worker_processes 1;

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen  127.0.0.1:%%PORT_8080%%;

        location /dns {
            dns_control;
        }
    }
}

stream {
    dns_cache_zone  zone=c:1m file=%%TESTDIR%%/answers.cache;

    server {
        listen     127.0.0.1:%%PORT_8053%% udp;
        dns_host   192.0.2.1 host.test;
        dns_cache  c;
    }
}

EOF_CONF

$t->run();

my $file = $t->testdir() . '/answers.cache';
my $was;

# another file than the last one?

sub written {
    my $inode = (stat $file)[1] // return 0;
    my $new = !defined $was || $inode != $was;

    $was = $inode;

    return $new;
}

ok($t->wait_for(\&written), 'there is a file');

my $r = http($t->port(8080), '/dns/caches/c/purge', method => 'POST');

like($r->{body}, qr/"purged":0/, 'purged');
ok($t->wait_for(\&written, 10), 'written at once');
ok($t->wait_for(\&written, 20), 'and when the purge is over for certain');
is(dns_query($t->port(8053), 'host.test', 'A')->{answers}[0]{data},
   '192.0.2.1', 'answers');
