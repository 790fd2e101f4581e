#!/usr/bin/perl

# Tests for dns_cache_zone ... file= on a full disk: said once, the file that
# was there stays and is read.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Namespace;

# mounts are this test's own, too

own_network();

my $t = Test::Nginx::DNS->new()->plan(8);
my $dir = $t->testdir() . '/full';

mkdir $dir;
must('mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', $dir);

END { system('umount', '-l', $dir) if $dir && -d $dir }

$t->write_file_expand('nginx.conf', <<'EOF_CONF');

%%TEST_GLOBALS%%

events {
}

stream {
    dns_cache_zone  zone=c:8m file=%%TESTDIR%%/full/answers;

    server {
        listen       127.0.0.1:%%PORT_8053%% udp;
        dns_cache    c;
        dns_forward  . 127.0.0.1:%%PORT_8081%%;
    }
}

EOF_CONF

my $up = $t->upstream(8081, sub { { ttl => 1000, a => '192.0.2.1' } });

$t->run();

ok($t->wait_for(sub { -s "$dir/answers" }), 'written');
dns_query($t->port(8053), 'first.test', 'A');
restart();

my $size = -s "$dir/answers";

dns_bulk($t->port(8053), 2000);
restart();

is(scalar(() = $t->error_log()
               =~ /can't be written .*write\(\).*\(28: No space left/g), 1,
   'no room');
is(-s "$dir/answers", $size, 'the file that was there');
is_deeply([ glob "$dir/*" ], [ "$dir/answers" ], 'and nothing else');

$up->reset();
is(dns_query($t->port(8053), 'first.test', 'A')->{rcode}, 'NOERROR', 'starts');
is($up->count(), 0, 'with what was there');


sub restart {
    $t->signal('QUIT');
    ok($t->wait_for(sub { $t->gone($t->pid()) }, 15), 'quits');
    $t->run();
}
