#!/usr/bin/perl

# Tests for worker_connections and worker_rlimit_nofile: nginx -t and a reload
# refuse a configuration that needs more of them, and say how many; with just
# so many all of it works.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->allow(qr/\[emerg\]/)->plan(20);

sub config {
    my ($listens, %o) = @_;

    my $udp = join "\n", map { my $port = 8100 + $_;
        "listen 127.0.0.1:%%PORT_$port%% udp" . ($o{reuseport} // '') . ';'
    } 1 .. $listens;

    my $tcp = $o{tcp} ? 'listen 127.0.0.1:%%PORT_8101%%;' : '';
    my $connections = $o{connections} // 512;
    my $files = $o{files} ? "worker_rlimit_nofile $o{files};" : '';
    my $servers = join "\n", map { "server 127.0.0.$_:%%PORT_8081%%;" }
        1 .. $o{servers} // 1;

    return <<"EOF_CONF";
%%TEST_GLOBALS%%

$files

events {
    worker_connections  $connections;
}

stream {
    dns_upstream u {
        $servers
        health_check off;
    }

    server {
        $udp
        $tcp
        dns_forward  . u;
    }
}
EOF_CONF
}

sub answers {
    my ($listens, $proto) = @_;

    return scalar grep {
        my $r = eval { dns_query($t->port(8100 + $_), "n$_.test", 'A',
                                 proto => $proto // 'udp') };
        ($r // {})->{answers}[0]{data};
    } 1 .. $listens;
}

$t->upstream(8081, sub { { a => '192.0.2.1' } }, tcp => 1);
$t->upstream(8081, sub { { a => '192.0.2.1' } }, addr => "127.0.0.$_")
    for 2 .. 4;

$t->write_file_expand('nginx.conf', config(1, connections => 12));
$t->run();
is(answers(1), 1, 'started');

# a reload that would leave no worker

my $said = qr/12 worker_connections are not enough, (\d+) are needed: for soc/;
my ($code, $out) = $t->test_config(config(8, connections => 12));

is($code, 1, 'too few: nginx -t');
like($out, $said, 'how many');

$t->write_file_expand('nginx.conf', config(8, connections => 12));
my ($worker) = $t->workers();
$t->signal('HUP');
$t->wait_for(sub { $t->error_log() =~ $said });
is(($t->workers())[0], $worker, 'too few: reload is refused');
is(answers(1), 1, 'still there');

# as many as are needed

sub needed {
    my ($pattern, @config) = @_;

    my ($code, $out) = $t->test_config(config(@config));

    return $out =~ $pattern ? $1 : 0;
}

for (8, [ 3, servers => 4 ], [ 2, tcp => 1 ]) {
    my ($listens, %o) = ref $_ ? @$_ : $_;

    my $n = needed(qr/enough, (\d+) are/, $listens, %o, connections => 9);
    my $title = "$listens @{[ %o ]}: $n";

    is(($t->test_config(config($listens, %o, connections => $n - 1)))[0], 1,
       "$title, one too few");

    $t->write_file_expand('nginx.conf',
        config($listens, %o, connections => $n));
    ok($t->reload(), "$title, reload");
    is(answers($listens), $listens, "$title, all answer");

    is(answers(1, 'tcp'), 1, "$title, TCP") if $o{tcp};
}

# descriptors

my $files = needed(qr/open files is not enough.* must be at least (\d+):/, 8,
                   files => 20);

is(($t->test_config(config(8, files => $files - 1)))[0], 1, 'files: too few');
$t->write_file_expand('nginx.conf', config(8, files => $files));
ok($t->reload(), 'files: reload');
is(answers(8), 8, 'files: all answer');

like(($t->test_config(config(8, files => 30, reuseport => ' reuseport')
                      =~ s/^events/worker_processes 16;\nevents/mr))[1],
     qr/for sockets that nginx listens on 128, /, 'files: reuseport');

unlike($t->error_log(), qr/exited with fatal code/, 'no worker failed');
