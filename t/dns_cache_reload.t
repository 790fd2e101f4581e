#!/usr/bin/perl

# Tests for dns_cache_zone over reloads: kept, or dropped and logged.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(10);

my $conf = <<'EOF_CONF';

%%TEST_GLOBALS%%

worker_processes 2;

events {
}

stream {
    dns_cache_zone  zone=c:SIZE;

    server {
        listen       127.0.0.1:%%PORT_8053%% udp reuseport;
        dns_forward  . 127.0.0.1:%%PORT_8081%%;
        dns_cache    c;
    }
}

EOF_CONF

my $u = $t->upstream(8081, sub { { a => '192.0.2.1', ttl => 1000 } });

$t->write_file_expand('nginx.conf', $conf =~ s/SIZE/1m/r);
$t->run();

my $port = $t->port(8053);

is_deeply(dns_bulk($port, 500), { '192.0.2.1' => 500 }, 'stored');
ok($t->reload(), 'reload');
is_deeply(dns_bulk($port, 500), { '192.0.2.1' => 500 }, 'answered');

# a store is given up if another worker has stopped in the middle of one

my $asked = $u->count();
cmp_ok($asked, '<', 510, 'kept over a reload');

select undef, undef, undef, 1.1;
cmp_ok(dns_query($port, 'q1.example.com', 'A')->{answers}[0]{ttl}, '<', 1000,
       'the TTL goes on counting down');

$t->write_file_expand('nginx.conf', $conf =~ s/SIZE/2m/r);
ok($t->reload(), 'reload with another size');
is_deeply(dns_bulk($port, 500), { '192.0.2.1' => 500 }, 'answered');
is($u->count(), $asked + 500, 'dropped');
like($t->error_log(), qr/dns_cache_zone "c" changed from 1048576 to 2097152/,
     'logged');

# a killed worker harms nothing

$t->allow(qr/exited on signal 9/);
kill 'KILL', $_ for $t->workers();
$t->wait_for(sub { $t->workers() == 2 });
is_deeply(dns_bulk($port, 500, timeout => 2), { '192.0.2.1' => 500 },
          'after the death of all workers');
