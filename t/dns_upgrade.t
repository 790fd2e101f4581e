#!/usr/bin/perl

# Tests for a binary upgrade: USR2, then QUIT to the old master, under load.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->daemon()->plan(15);

my $conf = <<'EOF_CONF';

%%TEST_GLOBALS%%

worker_processes WORKERS;

events {
}

stream {
    server {
        listen       127.0.0.1:%%PORT_8053%% udp reuseport rcvbuf=2m;
        listen       %%PORT_8054%% udp rcvbuf=2m;
        dns_forward  . 127.0.0.1:%%PORT_8081%%;
    }
}

EOF_CONF

sub conf { $t->write_file_expand('nginx.conf', $conf =~ s/WORKERS/$_[0]/r) }

conf(2);

$t->upstream(8081, \&numbered);
$t->run();

sub loads { map { dns_load($t->port($_)) } 8053, 8054 }

sub judge {
    my ($what, @loads) = @_;

    select undef, undef, undef, 0.3;

    for my $load (@loads) {
        my $r = $load->stop();

        is_deeply([ keys %$r ], [ 'right' ], $what) or diag(explain($r));
    }
}

# the same configuration, fewer workers, more

for my $n (2, 1, 3) {
    my @loads = loads();

    conf($n);
    my $old = $t->pid();

    ok($t->upgrade(), "upgraded, $n workers");
    isnt($t->pid(), $old, 'another master');

    judge("$n workers, answers", @loads);
}

# taken back: the new master is told to quit while the old one's workers,
# gone after WINCH, are started again

my @loads = loads();

ok($t->upgrade(back => 1), 'taken back');
judge('taken back, answers', @loads);
