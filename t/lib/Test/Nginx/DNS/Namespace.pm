package Test::Nginx::DNS::Namespace;

# Networks of their own, for tests that need port 53, addresses that come and
# go, or packets that nobody should see outside.
#
#   own_network();
#
# to be called first: the test starts anew in a network and with mounts of its
# own, with nothing but the loopback in it.  It is skipped unless it runs as
# root where that can be done, with IPv6.  They have no name, and are gone when the last
# process in them is, however it ends.
#
#   must('ip', 'link', ...)     runs a command, which must not fail
#   over($t, $path, $text)      a file is another one for this test: for
#                               /etc/resolv.conf and the like
#
#   my $net = Test::Nginx::DNS::Namespace->new();
#
# a second network, beside that of the test:
#
#   $net->pid                   what an interface is moved to: "ip link set
#                               eth0 netns PID"
#   $net->enter                 the words to put before a command that is to
#                               run in it
#   $net->in(sub { ... })       calls it with the test in there: sockets made
#                               in it stay, and so do upstreams

use warnings;
use strict;

use Exporter qw/ import /;
use POSIX qw/ _exit /;
use Test::More import => [ qw/ plan / ];
use Time::HiRes qw/ sleep /;

our @EXPORT = qw/ own_network must over /;

my $mark = 'TEST_NGINX_NAMESPACE';
my @over;


sub own_network {

    # the mark is of this very process: what it starts is not marked

    if (($ENV{$mark} // '') eq $$) {
        delete $ENV{$mark};

        must(qw/ ip link set lo up /);
        return;
    }

    plan(skip_all => 'only for root') if $> != 0;
    plan(skip_all => 'no IPv6 here') if !-e '/proc/net/if_inet6';
    plan(skip_all => 'no networks of our own here')
        if system('unshare -m -n ip link set lo up >/dev/null 2>&1');

    $ENV{$mark} = $$;

    { exec 'unshare', '-m', '-n', $^X, $0, @ARGV };
    die "cannot run unshare: $!\n";
}


sub must {
    my (@command) = @_;

    system(@command) == 0 or die "failed: @command\n";
}


sub over {
    my ($t, $path, $text) = @_;

    my $name = 'over' . @over;

    $t->write_file($name, $text);
    must('mount', '--bind', $t->testdir() . "/$name", $path);

    push @over, [ $$, $path ];
}


sub new {
    my ($class) = @_;

    my $pid = fork() // die "fork: $!\n";

    if ($pid == 0) {
        alarm 0;
        $SIG{$_} = 'DEFAULT' for qw/ INT TERM HUP ALRM PIPE /;

        # nothing but a process to name it by, which ends with the test

        { exec qw/ unshare -n setpriv --pdeathsig KILL sleep infinity /; }
        _exit(127);
    }

    my $self = bless { pid => $pid, owner => $$ }, $class;
    my $own = readlink '/proc/self/ns/net';

    for (1 .. 500) {
        last if (readlink "/proc/$pid/ns/net" // '') ne $own;
        sleep 0.01;
    }

    must($self->enter(), qw/ ip link set lo up /);

    return $self;
}


sub pid { $_[0]->{pid} }

sub enter { ('nsenter', '-n', '-t', $_[0]->{pid}) }


sub in {
    my ($self, $function) = @_;

    open my $back, '<', '/proc/self/ns/net' or die "$!\n";
    open my $there, '<', "/proc/$self->{pid}/ns/net" or die "$!\n";

    set($there);
    my @values = eval { $function->() };
    my $error = $@;
    set($back);

    die $error if $error;

    return wantarray ? @values : $values[0];
}


sub set {
    my ($fh) = @_;

    require 'syscall.ph';

    syscall(SYS_setns(), fileno $fh, 0) == 0 or die "setns: $!\n";
}


# else the files could not be removed

END {
    my $status = $?;

    for (reverse @over) {
        my ($owner, $path) = @$_;

        system('umount', $path) if $owner == $$;
    }

    $? = $status;
}


sub DESTROY {
    my ($self) = @_;

    local ($?, $!, $@);

    return if $self->{owner} != $$;

    kill 'KILL', $self->{pid};
    waitpid $self->{pid}, 0;
}


1;
