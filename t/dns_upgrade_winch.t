#!/usr/bin/perl

# Tests for WINCH: sockets that no worker reads, and workers started again.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->daemon()->plan(16);

my $conf = <<'EOF_CONF';

%%TEST_GLOBALS%%

worker_processes WORKERS;

events {
}

stream {
    server {
        listen       127.0.0.1:%%PORT_8053%% udp reuseport rcvbuf=2m;
        listen       %%PORT_8054%% udp reuseport rcvbuf=2m;
        listen       127.0.0.1:%%PORT_8055%% udp rcvbuf=2m;
        dns_forward  . 127.0.0.1:%%PORT_8081%%;
    }
}

EOF_CONF

sub conf { $t->write_file_expand('nginx.conf', $conf =~ s/WORKERS/$_[0]/r) }

sub judge {
    my ($what, @loads) = @_;

    for my $load (@loads) {
        my $r = $load->stop();

        is_deeply([ keys %$r ], [ 'right' ], $what) or diag(explain($r));
    }
}

my @ports = (8053, 8054, 8055);

conf(2);

$t->upstream(8081, \&numbered);
$t->run();

my $old = $t->pid();

# without another master: all sockets are left, and taken back

kill 'WINCH', $old;
ok($t->wait_for(sub { !$t->workers('all') }, 10), 'workers end');

kill 'HUP', $old;
ok($t->wait_for(sub { $t->workers() == 2 }, 10), 'workers start');

is_deeply(dns_bulk($t->port($_), 100, sockets => 16, name => 'n7.test'),
          { '10.0.0.7' => 100 }, 'answers') for @ports;

# with one that has fewer workers: the old one keeps its sockets

ok($t->reload(), 'reload');

my @loads = map { dns_load($t->port($_)) } @ports;

conf(1);
kill 'USR2', $old;

my $new = $t->wait_for(sub {
    my ($pid) = $t->read_file('nginx.pid') =~ /^(\d+)$/m;
    return $pid && $pid != $old && $t->workers(0, $pid) == 1 && $pid;
}, 10);

kill 'WINCH', $old;
ok($t->wait_for(sub { !$t->workers('all') }, 10), 'old workers end');
select undef, undef, undef, 0.3;
judge('one worker reads all', @loads);

# and back

@loads = map { dns_load($t->port($_)) } @ports;

kill 'HUP', $old;
ok($t->wait_for(sub { $t->workers() == 2 }, 10), 'old workers start');

kill 'QUIT', $new;
ok($t->wait_for(sub { $t->gone($new) }, 10), 'new ones end');
select undef, undef, undef, 0.3;
judge('taken back', @loads);

is($t->workers(), 2, 'two workers');
