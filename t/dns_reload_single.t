#!/usr/bin/perl

# Tests for "master_process off": a reload is refused, and service goes on.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->allow(qr/\[emerg\].*can't be reloaded/)
    ->plan(4);

$t->write_file('hosts', "192.0.2.9 host.test\n");

$t->write_file_expand('nginx.conf', <<'EOF_CONF');

%%TEST_GLOBALS%%

master_process  off;

events {
}

stream {
    server {
        listen       127.0.0.1:%%PORT_8053%% udp;
        dns_hosts    %%TESTDIR%%/hosts fallthrough;
        dns_forward  . 127.0.0.1:%%PORT_8081%%;
    }
}

EOF_CONF

$t->upstream(8081, sub { { a => '192.0.2.1' } });

# there are no workers to wait for

$t->{pid} = $t->spawn('stderr.log', $t->command('nginx.conf'),
                      '-e', $t->testdir() . '/error.log');

sub data {
    my $m = dns_query($t->port(8053), $_[0], 'A', timeout => 1);

    return $m && $m->{answers} ? $m->{answers}[0]{data} : '';
}

ok($t->wait_for(sub { data('a.test') eq '192.0.2.1' }), 'answers');

$t->signal('HUP');

ok($t->wait_for(sub {
    $t->error_log() =~ /"master_process off".* can't be reloaded/
}), 'refused');

is(data('b.test'), '192.0.2.1', 'service goes on');

# what looks after files does, too

$t->write_file('hosts', "192.0.2.10 host.test\n");
ok($t->wait_for(sub { data('host.test') eq '192.0.2.10' }), 'hosts files');
