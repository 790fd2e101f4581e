#!/usr/bin/perl

# Tests for sends the kernel takes in part or not at all: nothing is lost.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new();
my $shim = $t->shim('sendmmsg');

$t->plan(8);

$t->write_file_expand('nginx.conf', <<'EOF_CONF');

%%TEST_GLOBALS%%


worker_processes 2;

events {
}

stream {
    dns_upstream u {
        server  127.0.0.1:%%PORT_8081%%;
        server  127.0.0.1:%%PORT_8082%%;
    }

    server {
        listen                   127.0.0.1:%%PORT_8053%% udp reuseport;
        listen                   %%PORT_8054%% udp;
        listen                   %%PORT_8053%%;
        listen                   %%PORT_8054%%;
        dns_forward              . u;
        dns_next_upstream        error servfail;
    }
}

EOF_CONF

$t->upstream($_, sub { { a => '192.0.2.1' } }) for 8081, 8082;

{
    local $ENV{LD_PRELOAD} = $shim;
    local $ENV{SENDMMSG_SHIM_PARTIAL} = 2;
    local $ENV{SENDMMSG_SHIM_EAGAIN} = 5;
    local $ENV{SENDMMSG_SHIM_ERRNO} = 'EPERM';
    local $ENV{SENDMMSG_SHIM_MATCH} = 'refusedbyfilter';
    local $ENV{SENDMMSG_SHIM_TIMES} = 1;
    local $ENV{SENDMMSG_SHIM_LOG} = $t->testdir() . '/shim.log';

    $t->run();
}

for my $port (8053, 8054) {
    is_deeply(dns_bulk($t->port($port), 5000, window => 150, sockets => 16),
              { '192.0.2.1' => 5000 }, 'nothing is lost');
}

my $log = $t->read_file('shim.log');

like($log, qr/^eagain/m, 'there was EAGAIN');
like($log, qr/^partial/m, 'there were partial sends');

# a query that can't be sent to one server goes to the other

is(dns_query($t->port(8054), 'refusedbyfilter.test', 'A')->{rcode}, 'NOERROR',
   'a query the kernel refuses');
like($t->read_file('shim.log'), qr/^error \d+ EPERM/m, 'it did');

is_deeply(dns_bulk($t->port(8053), 1000, window => 150),
          { '192.0.2.1' => 1000 }, 'all goes on');
is(scalar(grep { /\[(error|warn)\]/ && !/there is UDP, but no/ }
          split /\n/, $t->error_log()), 0,
   'no noise in the log');
