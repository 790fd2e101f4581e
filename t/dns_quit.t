#!/usr/bin/perl

# Tests for "nginx -s quit": who waits is answered, nothing else is waited for.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

use Time::HiRes qw/ sleep time /;

my $t = Test::Nginx::DNS->new()->plan(13);

my $conf = <<'EOF_CONF';

%%TEST_GLOBALS%%

worker_processes 2;
SHUTDOWN

events {
}

stream {
    dns_cache_zone          zone=c:1m;
    dns_upstream_timeout    20s;
    dns_next_upstream_timeout  20s;

    server {
        listen       127.0.0.1:%%PORT_8053%% udp reuseport;
        listen       127.0.0.1:%%PORT_8054%% udp;
        dns_forward  . 127.0.0.1:%%PORT_8081%%;
    }

    server {
        listen           127.0.0.1:%%PORT_8055%% udp;
        dns_forward      . 127.0.0.1:%%PORT_8081%%;
        dns_cache        c;
        dns_cache_stale  60s answer_after=50ms;
    }
}

EOF_CONF

$t->upstream(8081, sub {
    my ($query) = @_;
    my $name = $query->{qname};

    return () if $name =~ /^silent/ || $name =~ /^old/ && $query->{n};
    return { a => '192.0.2.1', ttl => 1,
             delay => $name =~ /^slow/ ? 0.8 : 0.002 };
});

sub start { $t->write_file_expand('nginx.conf', $conf =~ s/SHUTDOWN/$_[0]/r);
            $t->run() }

# Sends queries in another process; true if each gets what it should

sub bulk {
    my ($port, $name, $what) = @_;

    my $pid = fork() // die;

    return $pid if $pid;

    my $r = dns_bulk($t->port($port), 100, window => 100, sockets => 16,
                     name => sub { "$name$_[0].test" });
    POSIX::_exit(($r->{$what} // 0) == 100 ? 0 : 1);
}

sub answered { waitpid $_[0], 0; $? == 0 }

# seconds until nginx is gone

sub quit {
    my $begin = time();

    $t->stop('QUIT');
    return time() - $begin;
}

# in flight

for my $port (8053, 8054) {
    start('');
    my $load = bulk($port, 'slow', '192.0.2.1');
    sleep 0.3;

    my $took = quit();
    ok(answered($load), 'in flight');
    cmp_ok($took, '>', 0.2, 'waits for them');
    cmp_ok($took, '<', 5, 'for nothing else');
}

# in the queue of a socket: the workers are stopped until all has been sent

for my $port (8053, 8054) {
    start('');
    my @workers = $t->workers();

    kill 'STOP', @workers;
    my $load = bulk($port, 'queued', '192.0.2.1');
    sleep 0.3;
    $t->signal('QUIT');
    sleep 0.1;
    kill 'CONT', @workers;

    ok(answered($load), 'queued');
    quit();
}

# an old answer was given, the refresh is not waited for

start('');

is(dns_query($t->port(8055), 'old.test', 'A')->{rcode}, 'NOERROR', 'cached');
sleep 1.1;
is(dns_query($t->port(8055), 'old.test', 'A')->{rcode}, 'NOERROR', 'stale');
cmp_ok(quit(), '<', 5, 'nobody waits');

# no longer than worker_shutdown_timeout

start('worker_shutdown_timeout 1s;');

my $load = bulk(8053, 'silent', 'SERVFAIL');
sleep 0.3;
cmp_ok(quit(), '<', 5, 'worker_shutdown_timeout');
ok(answered($load), 'a failure is told');
