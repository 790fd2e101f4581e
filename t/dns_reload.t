#!/usr/bin/perl

# Tests for a reload: queries in flight are answered, state is kept.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(9);

my $conf = <<'EOF_CONF';

%%TEST_GLOBALS%%

worker_processes 2;

events {
}

stream {
    dns_upstream u {
        sequential;
        server  127.0.0.1:%%PORT_8089%%  max_fails=1 fail_timeout=60s;
        server  127.0.0.1:%%PORT_8081%%;
    }

    log_format  f  '$dns_upstream_tries';

    server {
        listen       127.0.0.1:%%PORT_8053%% udp REUSEPORT;
        listen       %%PORT_8054%% udp;
        dns_forward  . u;
        access_log   %%TESTDIR%%/dns.log f;
    }
}

EOF_CONF

$t->write_file_expand('nginx.conf', $conf =~ s/REUSEPORT/reuseport/r);

$t->upstream(8081, sub {
    my ($query) = @_;
    return { a => '192.0.2.1',
             delay => $query->{qname} =~ /^slow/ ? 0.8 : 0.002 };
});

$t->run();

my $port = $t->port(8053);

is(dns_query($port, 'first.test', 'A')->{rcode}, 'NOERROR', 'failed over');
like($t->error_log(), qr/left out for 60000ms/, 'the first is left out');

# asked before, answered after: by a worker that nginx has told to quit

for my $p (8053, 8054) {
    my $pid = fork() // die;

    if ($pid == 0) {
        my $r = dns_bulk($t->port($p), 100, window => 100,
                         name => sub { "slow$_[0].test" });
        POSIX::_exit(($r->{'192.0.2.1'} // 0) == 100 ? 0 : 1);
    }

    select undef, undef, undef, 0.3;
    ok($t->reload(), 'reload');

    waitpid $pid, 0;
    is($?, 0, $p == 8053 ? 'in flight, reuseport' : 'in flight, wildcard');
}

dns_query($port, 'after.test', 'A');
like($t->read_file('dns.log'), qr/1\n\z/, 'it is still left out');

# under load

my $pid = fork() // die;

if ($pid == 0) {
    my $r = dns_bulk($port, 15000, window => 30, sockets => 16);
    POSIX::_exit(($r->{'192.0.2.1'} // 0) == 15000 ? 0 : 1);
}

for (1 .. 3) {
    $t->reload();
    select undef, undef, undef, 0.2;
}

waitpid $pid, 0;
is($?, 0, 'under load');

my @old = grep { /exited with code/ } split /\n/, $t->error_log();
cmp_ok(@old, '>=', 4, 'old workers exit');
