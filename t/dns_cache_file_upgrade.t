#!/usr/bin/perl

# Tests for dns_cache_zone ... file= at a binary upgrade: the new nginx has what
# was in the file, then what the old one leaves when it quits.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->daemon()->plan(6);
my $file = $t->testdir() . '/answers.cache';

$t->write_file_expand('nginx.conf', <<'EOF_CONF');

%%TEST_GLOBALS%%

worker_processes 2;

events {
}

stream {
    dns_cache_zone  zone=c:1m file=%%TESTDIR%%/answers.cache;

    server {
        listen       127.0.0.1:%%PORT_8053%% udp;
        dns_cache    c;
        dns_forward  . 127.0.0.1:%%PORT_8081%%;
    }
}

EOF_CONF

my $up = $t->upstream(8081, sub { { ttl => 1000, a => '192.0.2.1' } });
my $udp = $t->port(8053);

$t->run();

# there is a file, with nothing in it, then there are answers

ok($t->wait_for(sub { -s $file }), 'a file');
dns_query($udp, "n$_.test", 'A') for 1 .. 20;

ok($t->upgrade(), 'upgrade');

ok($t->wait_for(sub { $t->error_log() =~ /20 of 20 answers of/ }, 15),
   'handed over');

$up->reset();
dns_query($udp, "n$_.test", 'A') for 1 .. 20;
is_deeply($up->names(), {}, 'answers');

# and once more, for which there is a file already

dns_query($udp, "m$_.test", 'A') for 1 .. 10;
ok($t->upgrade(), 'upgrade again');
$t->wait_for(sub { $t->error_log() =~ /10 of 30 answers of|30 of 30 answers/ }, 15);

$up->reset();
dns_query($udp, $_, 'A') for map({ "n$_.test" } 1 .. 20), map({ "m$_.test" } 1 .. 10);
is_deeply($up->names(), {}, 'all answers');
