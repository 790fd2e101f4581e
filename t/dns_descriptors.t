#!/usr/bin/perl

# Tests for a worker that has no descriptor left: UDP goes on.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Stream;

use Time::HiRes qw/ sleep time /;

my $t = Test::Nginx::DNS->new()->plan(3);

$t->write_file_expand('nginx.conf', <<'EOF_CONF');

%%TEST_GLOBALS%%

worker_processes      1;
worker_rlimit_nofile  90;

events {
    worker_connections  512;
}

stream {
    dns_upstream u {
        server        127.0.0.1:%%PORT_8081%%;
        health_check  off;
    }

    server {
        listen              127.0.0.1:%%PORT_8053%% udp;
        listen              127.0.0.1:%%PORT_8053%%;
        dns_forward         . u;
        dns_client_timeout  60s;
    }
}

EOF_CONF

$t->upstream(8081, sub { { a => '192.0.2.1' } });

$t->allow(qr/accept4?\(\) failed \(24: Too many open files\)/);
$t->run();

my $port = $t->port(8053);
my @held = map { dns_connect($port, before => "\0\x1d\0\1") } 1 .. 120;

ok($t->wait_for(sub { $t->error_log() =~ /Too many open files/ }),
   'no descriptor for another client');

# over more than the half second for which nginx does not accept

my ($lost, $worst) = (0, 0);
my $end = time() + 1.5;

for (my $n = 0; time() < $end; $n++) {
    my $start = time();
    my $r = dns_query($port, "a$n.test", 'A', timeout => 1);

    $lost++ if !$r || $r->{rcode} ne 'NOERROR';
    $worst = time() - $start if time() - $start > $worst;
    sleep 0.02;
}

is($lost, 0, 'all queries over UDP are answered');
cmp_ok($worst, '<', 0.3, 'without a break');
