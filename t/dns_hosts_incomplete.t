#!/usr/bin/perl

# Tests for dns_hosts: a file that is empty, gone, still being written or too
# large does not empty the table.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(9);

$t->write_stream(<<'EOF_CONF');
server {
    listen      127.0.0.1:%%PORT_8053%% udp;
    dns_hosts   %%TESTDIR%%/hosts;
}
EOF_CONF

$t->write_file('hosts', "192.0.2.1 a.test\n");
$t->run();

is(data('a.test'), '192.0.2.1', 'as started');

# written line by line, over more than two looks

my $wrong = 0;

open my $fh, '>', $t->testdir() . '/hosts' or die "$!\n";
$fh->autoflush(1);

for my $n (1 .. 24) {
    print $fh "192.0.2.9 n$n.test\n";
    select undef, undef, undef, 0.25;
    $wrong++ if data('a.test') ne '192.0.2.1';
}

print $fh "192.0.2.2 a.test\n";
close $fh;

is($wrong, 0, 'still being written');
ok($t->wait_for(sub { data('a.test') eq '192.0.2.2' }, 6), 'complete');

$t->write_file('hosts', '');
logged(qr/"\S+hosts" is empty: the old contents stay in use/);
is(data('a.test'), '192.0.2.2', 'empty');

unlink $t->testdir() . '/hosts';
$t->write_file('hosts', "192.0.2.3 a.test\n");
ok($t->wait_for(sub { data('a.test') eq '192.0.2.3' }, 6), 'there again');

unlink $t->testdir() . '/hosts';
logged(qr/"\S+hosts" is not a file that can be read: the old contents/);
is(data('a.test'), '192.0.2.3', 'gone');

# more than a reload made room for

$t->write_file('hosts', "192.0.2.4 a.test\n"
                        . join '', map { "192.0.2.9 n$_.test\n" } 1 .. 9999);
logged(qr/no room for "\S+hosts", it needs \d+ octets of 65536/);
is(data('a.test'), '192.0.2.3', 'too large');

select undef, undef, undef, 5;
is(() = $t->error_log() =~ /no room/g, 1, 'said once');

$t->reload();
is(data('a.test'), '192.0.2.4', 'reload makes room');

###############################################################################

sub data {
    my $m = dns_query($t->port(8053), $_[0], 'A');

    return join ' ', $m ? map { $_->{data} } @{$m->{answers}} : ();
}


sub logged {
    my ($pattern) = @_;

    $t->wait_for(sub { $t->error_log() =~ $pattern }, 7)
        or diag("not logged: $pattern");
}

###############################################################################
